"""Which labels are probably wrong?"""

from modicum.labels.noisy.confident_learning import LabelIssues, label_issues
from modicum.labels.noisy.credibility import Credibility, credibility
from modicum.labels.noisy.repair import Repaired, repair

__all__ = ["Credibility", "LabelIssues", "Repaired", "credibility", "label_issues", "repair"]
