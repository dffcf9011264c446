"""How far is one class from another, and what follows for the prediction?"""

from modicum.labels.spaces.frechet import FrechetMean, frechet_mean
from modicum.labels.spaces.metrics import GraphMetric, Metric, TreeMetric, VectorMetric
from modicum.labels.spaces.next_class import between, next_classes, reach

__all__ = [
    "FrechetMean",
    "GraphMetric",
    "Metric",
    "TreeMetric",
    "VectorMetric",
    "between",
    "frechet_mean",
    "next_classes",
    "reach",
]
