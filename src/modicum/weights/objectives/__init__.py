"""What is minimised while an encoder is tuned on few labels?"""

from modicum.weights.objectives.centroid_triplet import CentroidTriplet, centroid_triplet
from modicum.weights.objectives.consistency import Consistency, consistency, noisy_tokens
from modicum.weights.objectives.fixed_vectors import FixedVectors, fixed_vectors, simplex_vectors, turn_towards
from modicum.weights.objectives.head import Head, class_vectors, frozen_vectors
from modicum.weights.objectives.leave_one_out_neighbours import LeaveOneOutNeighbours, leave_one_out_neighbours
from modicum.weights.objectives.matryoshka import Matryoshka, alignment, cut
from modicum.weights.objectives.multiple_negatives import MultipleNegatives, multiple_negatives
from modicum.weights.objectives.name_anchors import NameAnchors, name_anchors
from modicum.weights.objectives.objective import ClassLoss, Lesson, Loss, Objective, VectorLoss, balanced_rows, embed
from modicum.weights.objectives.pseudo_labels import PseudoLabels, surest_rows
from modicum.weights.objectives.self_distilled import SelfDistilled, hidden_distance, masked_places
from modicum.weights.objectives.supervised_contrastive import SupervisedContrastive, supervised_contrastive

__all__ = [
    "CentroidTriplet",
    "ClassLoss",
    "Consistency",
    "FixedVectors",
    "Head",
    "LeaveOneOutNeighbours",
    "Lesson",
    "Loss",
    "Matryoshka",
    "MultipleNegatives",
    "NameAnchors",
    "Objective",
    "PseudoLabels",
    "SelfDistilled",
    "SupervisedContrastive",
    "VectorLoss",
    "alignment",
    "balanced_rows",
    "centroid_triplet",
    "class_vectors",
    "consistency",
    "cut",
    "embed",
    "fixed_vectors",
    "frozen_vectors",
    "hidden_distance",
    "leave_one_out_neighbours",
    "masked_places",
    "multiple_negatives",
    "name_anchors",
    "noisy_tokens",
    "simplex_vectors",
    "supervised_contrastive",
    "surest_rows",
    "turn_towards",
]
