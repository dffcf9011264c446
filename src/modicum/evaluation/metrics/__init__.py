"""Figures of merit on arrays: classes, labels, numbers, probabilities, rankings, sets, unknown rows, shares."""

from modicum.evaluation.metrics.classes import (
    ClassScores,
    Confusion,
    accuracy,
    confusions,
    macro_f1,
    mean_distance,
    per_class,
)
from modicum.evaluation.metrics.detection import DetectionFacts, detection_metrics
from modicum.evaluation.metrics.intervals import wilson_interval
from modicum.evaluation.metrics.labels import LabelScores, f1_interval, label_losses, label_scores
from modicum.evaluation.metrics.numbers import IntervalFacts, NumberScores, interval_metrics, number_scores
from modicum.evaluation.metrics.probabilities import (
    Reliability,
    brier,
    expected_calibration_error,
    log_loss,
    reliability_curve,
)
from modicum.evaluation.metrics.ranking import RankingScores, ranking_scores
from modicum.evaluation.metrics.sets import SetFacts, set_metrics

__all__ = [
    "ClassScores",
    "Confusion",
    "DetectionFacts",
    "IntervalFacts",
    "LabelScores",
    "NumberScores",
    "RankingScores",
    "Reliability",
    "SetFacts",
    "accuracy",
    "brier",
    "confusions",
    "detection_metrics",
    "expected_calibration_error",
    "f1_interval",
    "interval_metrics",
    "label_losses",
    "label_scores",
    "log_loss",
    "macro_f1",
    "mean_distance",
    "number_scores",
    "per_class",
    "ranking_scores",
    "reliability_curve",
    "set_metrics",
    "wilson_interval",
]
