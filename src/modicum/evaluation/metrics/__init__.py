"""Figures of merit on arrays: classes, labels, numbers, probabilities, prediction sets, and the interval of a share."""

from modicum.evaluation.metrics.classes import (
    ClassScores,
    Confusion,
    accuracy,
    confusions,
    macro_f1,
    mean_distance,
    per_class,
)
from modicum.evaluation.metrics.intervals import wilson_interval
from modicum.evaluation.metrics.labels import LabelScores, label_losses, label_scores
from modicum.evaluation.metrics.numbers import IntervalFacts, NumberScores, interval_metrics, number_scores
from modicum.evaluation.metrics.probabilities import (
    Reliability,
    brier,
    expected_calibration_error,
    log_loss,
    reliability_curve,
)
from modicum.evaluation.metrics.sets import SetFacts, set_metrics

__all__ = [
    "ClassScores",
    "Confusion",
    "IntervalFacts",
    "LabelScores",
    "NumberScores",
    "Reliability",
    "SetFacts",
    "accuracy",
    "brier",
    "confusions",
    "expected_calibration_error",
    "interval_metrics",
    "label_losses",
    "label_scores",
    "log_loss",
    "macro_f1",
    "mean_distance",
    "number_scores",
    "per_class",
    "reliability_curve",
    "set_metrics",
    "wilson_interval",
]
