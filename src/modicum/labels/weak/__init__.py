"""What can rows without a label teach? Semi-supervised and weakly supervised learning."""

from modicum.labels.weak.balanced_self_training import BalancedSelfTraining
from modicum.labels.weak.distillation import Distilled, distill
from modicum.labels.weak.future_teacher import FutureTeacher, learn_from_future
from modicum.labels.weak.grip import GRIP, fill_classes
from modicum.labels.weak.imbalanced_self_training import ImbalancedSelfTraining, prior_adjusted
from modicum.labels.weak.pseudo_prototypes import PseudoPrototypes, most_confident

__all__ = [
    "GRIP",
    "BalancedSelfTraining",
    "Distilled",
    "FutureTeacher",
    "ImbalancedSelfTraining",
    "PseudoPrototypes",
    "distill",
    "fill_classes",
    "learn_from_future",
    "most_confident",
    "prior_adjusted",
]
