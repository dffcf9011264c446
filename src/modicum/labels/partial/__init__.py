"""What do labels say that are only half told: totals of bags, bags as a whole, some of a row's labels, rare numbers?"""

from modicum.labels.partial.attention_bags import AttentionBags
from modicum.labels.partial.attention_network import (
    AttentionWeights,
    bag_loss,
    bag_softmax,
    mask_top,
    row_scores,
    start_weights,
)
from modicum.labels.partial.conr import ConR, contrastive_regularizer, rarity
from modicum.labels.partial.label_set_operations import combine_labels, label_set_operations
from modicum.labels.partial.missing_positives import MultiLabelRule, fit_logistics, recall_positives
from modicum.labels.partial.proportions import ProportionRule, count_marginals, learn_from_proportions

__all__ = [
    "AttentionBags",
    "AttentionWeights",
    "ConR",
    "MultiLabelRule",
    "ProportionRule",
    "bag_loss",
    "bag_softmax",
    "combine_labels",
    "contrastive_regularizer",
    "count_marginals",
    "fit_logistics",
    "label_set_operations",
    "learn_from_proportions",
    "mask_top",
    "rarity",
    "recall_positives",
    "row_scores",
    "start_weights",
]
