"""Which classes, labels or numbers can it be, with a promise? Sets and intervals by conformal prediction."""

from modicum.labels.conformal.aps import aps_scores
from modicum.labels.conformal.class_conditional import class_thresholds
from modicum.labels.conformal.intervals import IntervalRule, error_bounds, interval_rule
from modicum.labels.conformal.label_shift import ShiftedSets, shift_conformal, shifted_rule, weighted_thresholds
from modicum.labels.conformal.lac import lac_scores
from modicum.labels.conformal.pac import pac_threshold
from modicum.labels.conformal.powerset import PowersetRule, powerset_conformal, powerset_scores
from modicum.labels.conformal.raps import raps_scores, tune_raps
from modicum.labels.conformal.risk_control import LabelSetRule, label_sets, miss_threshold
from modicum.labels.conformal.rule import SCORES, ConformalRule, cross_conformal, split_conformal
from modicum.labels.conformal.subtree import ClassTree
from modicum.labels.conformal.threshold import threshold

__all__ = [
    "SCORES",
    "ClassTree",
    "ConformalRule",
    "IntervalRule",
    "LabelSetRule",
    "PowersetRule",
    "ShiftedSets",
    "aps_scores",
    "class_thresholds",
    "cross_conformal",
    "error_bounds",
    "interval_rule",
    "label_sets",
    "lac_scores",
    "miss_threshold",
    "pac_threshold",
    "powerset_conformal",
    "powerset_scores",
    "raps_scores",
    "shift_conformal",
    "shifted_rule",
    "split_conformal",
    "threshold",
    "tune_raps",
    "weighted_thresholds",
]
