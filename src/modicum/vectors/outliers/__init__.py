"""Which rows are like none of those that are known? Scores of how typical a row is, and false alarms at a set rate."""

from modicum.vectors.outliers.conformal_p_values import alarm_threshold, conformal_p_values
from modicum.vectors.outliers.guided_scores import guided_scores
from modicum.vectors.outliers.knn_distance import KNNDistance, nearest_similarities
from modicum.vectors.outliers.mahalanobis import Mahalanobis, class_gaussians, mahalanobis_distances

__all__ = [
    "KNNDistance",
    "Mahalanobis",
    "alarm_threshold",
    "class_gaussians",
    "conformal_p_values",
    "guided_scores",
    "mahalanobis_distances",
    "nearest_similarities",
]
