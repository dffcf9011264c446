"""Figures of merit on arrays: classes, probabilities, prediction sets."""

from modicum.evaluation.metrics.classes import ClassScores, Confusion, confusions, macro_f1, per_class
from modicum.evaluation.metrics.probabilities import (
    Reliability,
    expected_calibration_error,
    log_loss,
    reliability_curve,
)
from modicum.evaluation.metrics.sets import SetFacts, set_metrics

__all__ = [
    "ClassScores",
    "Confusion",
    "Reliability",
    "SetFacts",
    "confusions",
    "expected_calibration_error",
    "log_loss",
    "macro_f1",
    "per_class",
    "reliability_curve",
    "set_metrics",
]
