"""Which row should be labelled next? And how many, at what cost?"""

from modicum.labels.active.balanced_query import balanced_query
from modicum.labels.active.gradient_query import gradient_query
from modicum.labels.active.group_budget import split_budget
from modicum.labels.active.k_center_query import k_center_query
from modicum.labels.active.label_mix import LabelMix, label_mix, pareto_front
from modicum.labels.active.margin_query import margin_query
from modicum.labels.active.neighbourhood_pseudo_labels import neighbourhood_pseudo_labels
from modicum.labels.active.pseudo_labels import PseudoLabels
from modicum.labels.active.random_query import random_query
from modicum.labels.active.robust_query import robust_query
from modicum.labels.active.self_paced import Split, self_paced_split
from modicum.labels.active.typical_query import typical_query
from modicum.labels.active.uncertainty_query import uncertainty_query
from modicum.labels.active.unlabelled import Query
from modicum.labels.active.vote_k_query import vote_k_query

__all__ = [
    "LabelMix",
    "PseudoLabels",
    "Query",
    "Split",
    "balanced_query",
    "gradient_query",
    "k_center_query",
    "label_mix",
    "margin_query",
    "neighbourhood_pseudo_labels",
    "pareto_front",
    "random_query",
    "robust_query",
    "self_paced_split",
    "split_budget",
    "typical_query",
    "uncertainty_query",
    "vote_k_query",
]
