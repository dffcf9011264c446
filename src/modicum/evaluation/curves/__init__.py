"""What would more labels bring? Learning curves and their continuation."""

from modicum.evaluation.curves.power_law import Expected, PowerLaw, power_law

__all__ = ["Expected", "PowerLaw", "power_law"]
