"""Frechet mean over a label space (Loki): predict the class nearest to all that is likely, seen or unseen.

The question: classes have distances, and some were never labelled; what should be predicted? Instead of the most
probable class, the one with the least expected squared distance to the truth is taken. It can be a class between
likely ones that no row was ever labelled with, and no training is needed. Do not use it where plain accuracy counts
and the metric does not mirror confusions: it prefers safe middles.

Paper: "Geometry-Aware Adaptation for Pretrained Models" (Roberts et al. 2023). Changed: distances are asked for in
blocks, so that 100,000 candidate classes fit; ties go to the more probable class, then to the first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_vectors
from modicum.core.errors import InputError
from modicum.labels.spaces.metrics import Metric

CARD = Card(
    name="FrechetMean",
    room="labels",
    question="spaces",
    summary="Class with the least expected squared distance: uses a label metric, predicts unseen classes",
    paper="Geometry-Aware Adaptation for Pretrained Models",
    year=2023,
    needs=("probabilities", "metric"),
    cost="O(N K C) for C candidate classes, in blocks of about 64 MB",
    tags=("label metric", "zero-shot", "training-free"),
    ids=("000-000",),
)

BLOCK = 8_000_000
"""Numbers in one block of distances or of expected distances."""
TIE = 1e-9


def frechet_mean(
    proba: NDArray[np.floating], metric: Metric, *, observed: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Classes (N,) that minimise sum_k proba[n, k] * d(class, observed[k])^2 over all classes of the metric.

    Args:
        proba: Probabilities (N, K) of the observed classes.
        metric: Distances between all C candidate classes, C at least K.
        observed: Which candidate each column of `proba` is (K,); default the first K.

    Returns:
        Candidate numbers in 0..C-1. Cost: O(N K C); memory bounded by blocks.

    Raises:
        InputError: `proba` are no numbers (N, K), or `observed` does not name one candidate for each column.

    Example:
        >>> import numpy as np
        >>> from modicum.labels.spaces import GraphMetric
        >>> path = GraphMetric([(0, 1), (1, 2)], 3)
        >>> frechet_mean(np.array([[0.5, 0.5]]), path, observed=np.array([0, 2])).tolist()
        [1]
    """
    proba = check_vectors(proba, what="probabilities").astype(np.float64, copy=False)
    columns = np.arange(proba.shape[1]) if observed is None else observed
    columns = check_codes(columns, classes=len(metric), rows=proba.shape[1], what="observed classes")
    best = np.full(len(proba), np.inf)
    found = np.zeros(len(proba), dtype=np.int64)
    likely = np.zeros(len(proba))
    for candidates in chunks(len(metric), max(1, BLOCK // max(len(columns), 1))):
        numbers = np.arange(candidates.start, candidates.stop)
        squares = metric.block(numbers, columns) ** 2
        own = _own_probability(numbers, columns)
        for rows in chunks(len(proba), max(1, BLOCK // len(numbers))):
            expected = proba[rows] @ squares.T
            weight = proba[rows][:, own] * (own >= 0)
            least = expected.min(axis=1)
            tied = expected <= least[:, None] + TIE
            pick = np.where(tied, weight, -1.0).argmax(axis=1)
            chance = weight[np.arange(len(pick)), pick]
            better = (least < best[rows] - TIE) | ((least <= best[rows] + TIE) & (chance > likely[rows]))
            best[rows] = np.where(better, least, best[rows])
            likely[rows] = np.where(better, chance, likely[rows])
            found[rows] = np.where(better, numbers[pick], found[rows])
    return found


def _own_probability(numbers: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Column (C,) of `proba` that belongs to each candidate; -1 for classes that were never observed."""
    order = np.argsort(columns)
    place = np.minimum(np.searchsorted(columns, numbers, sorter=order), len(columns) - 1)
    column = order[place]
    return np.where(columns[column] == numbers, column, -1)


class FrechetMean(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Decodes a fitted classifier's probabilities by the Frechet mean.

    Args:
        classifier: Fitted classifier with `predict_proba` and `classes_`.
        metric: Distances between all candidate classes.
        classes: Candidate classes (C,), in the order of the metric; those of the classifier are among them.

    Example:
        >>> import numpy as np
        >>> from modicum.heads import ClassMean
        >>> from modicum.labels.spaces import GraphMetric
        >>> head = ClassMean(scale=1.0).fit([[0.0], [2.0]], ["low", "high"])
        >>> path = GraphMetric([(0, 1), (1, 2)], 3)
        >>> FrechetMean(head, path, ["low", "middle", "high"]).predict([[1.0]])
        array(['middle'], dtype='<U6')
    """

    def __init__(self, classifier: Any, metric: Metric, classes: ArrayLike) -> None:
        self.classifier = classifier
        self.metric = metric
        self.classes = classes

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Class of least expected squared distance for each row (N,).

        Raises:
            InputError: A class of the classifier is not among the candidates.
        """
        candidates = np.asarray(self.classes)
        numbers = {name: number for number, name in enumerate(candidates.tolist())}
        for name in self.classifier.classes_.tolist():
            if name not in numbers:
                raise InputError(f"class {name!r} of the classifier is not among `classes`; name all candidates there")
        observed = np.array([numbers[name] for name in self.classifier.classes_.tolist()])
        return candidates[frechet_mean(self.classifier.predict_proba(X), self.metric, observed=observed)]
