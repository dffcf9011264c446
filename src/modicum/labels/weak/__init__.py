"""What can rows without a label teach? Semi-supervised and weakly supervised learning."""

from modicum.labels.weak.balanced_self_training import BalancedSelfTraining

__all__ = ["BalancedSelfTraining"]
