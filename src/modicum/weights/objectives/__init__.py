"""What is minimised while an encoder is tuned on few labels?"""

from modicum.weights.objectives.objective import Lesson, Loss, Objective, balanced_rows, embed
from modicum.weights.objectives.supervised_contrastive import SupervisedContrastive, supervised_contrastive

__all__ = [
    "Lesson",
    "Loss",
    "Objective",
    "SupervisedContrastive",
    "balanced_rows",
    "embed",
    "supervised_contrastive",
]
