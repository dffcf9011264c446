"""Which labels are probably wrong?"""

from modicum.labels.noisy.confident_learning import LabelIssues, label_issues
from modicum.labels.noisy.credibility import Credibility, credibility
from modicum.labels.noisy.dawid_skene import Opinion, dawid_skene
from modicum.labels.noisy.repair import Repaired, repair

__all__ = ["Credibility", "LabelIssues", "Opinion", "Repaired", "credibility", "dawid_skene", "label_issues", "repair"]
