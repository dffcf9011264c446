"""Which rows are like none of those that are known? Scores of how typical a row is, and false alarms at a set rate."""

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names
from modicum.vectors.outliers.conformal_p_values import alarm_threshold, conformal_p_values
from modicum.vectors.outliers.guided_scores import guided_scores
from modicum.vectors.outliers.knn_distance import KNNDistance, nearest_similarities

if TYPE_CHECKING:
    from modicum.vectors.outliers.mahalanobis import Mahalanobis, class_gaussians, mahalanobis_distances

# What every model stands on comes at once; covariances, which take time to import, when asked for.
__getattr__ = lazy_names(
    __name__,
    dict.fromkeys(("Mahalanobis", "class_gaussians", "mahalanobis_distances"), "modicum.vectors.outliers.mahalanobis"),
)

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
