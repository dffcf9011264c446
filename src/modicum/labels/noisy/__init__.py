"""Which labels are probably wrong?"""

from modicum.labels.noisy.confident_learning import LabelIssues, label_issues

__all__ = ["LabelIssues", "label_issues"]
