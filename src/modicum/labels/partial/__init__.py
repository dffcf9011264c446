"""What do labels say that are only half told: totals of bags, bags as a whole, some of a row's labels?"""

from modicum.labels.partial.missing_positives import MultiLabelRule, fit_logistics, recall_positives
from modicum.labels.partial.proportions import ProportionRule, count_marginals, learn_from_proportions

__all__ = [
    "MultiLabelRule",
    "ProportionRule",
    "count_marginals",
    "fit_logistics",
    "learn_from_proportions",
    "recall_positives",
]
