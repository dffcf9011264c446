"""What would more labels bring? Learning curves and their continuation."""

from modicum.evaluation.curves.next_batch import Gain, next_batch
from modicum.evaluation.curves.power_law import Expected, PowerLaw, power_law

__all__ = ["Expected", "Gain", "PowerLaw", "next_batch", "power_law"]
