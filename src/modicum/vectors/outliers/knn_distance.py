"""Distance to the nearest known rows, which trusts no decision boundary.

The question: which rows are like no single row that is known, whatever the classes are? Rows are compared one by one,
by cosine in the encoder's own space, and a row is as typical as its nearest known rows are similar; no class and no
boundary is looked at. Encoders tell single items apart even where a linear rule on them is confident of the wrong
class, which is why distances between items find what probabilities miss. Do not use it alone where classes are known
and their probabilities at hand: with 39 of the 77 intents of banking77 known, it told the questions of the others
with an AUROC of 0.834 at 8 labels a class and 0.914 at all, softmax regression's confidence with 0.854 and 0.900, and
both together (`guided_scores`) with 0.871 and 0.931. With few labels take the one nearest row: at 8 a class the mean of
five reached 0.799.

Papers: "Can Pre-trained Networks Detect Familiar Out-of-Distribution Data?" (Miyai et al. 2023: distances between
rows, apart from boundaries) and "Out-of-Distribution Detection with Deep Nearest Neighbors" (Sun et al. 2022).
Changed: the encoder is not tuned; the mean similarity of the k nearest rows by default, one, instead of the distance to
the k-th, which is a setting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.nearest import largest_products
from modicum.vectors.outliers.detector import Detector

CARD = Card(
    name="KNNDistance",
    room="vectors",
    question="outliers",
    summary="Similarity to the nearest known rows, apart from any decision boundary",
    paper="Can Pre-trained Networks Detect Familiar Out-of-Distribution Data?",
    year=2023,
    needs=("vectors",),
    cost="O(N M D) to score by M known rows, in blocks of a few MB; all M rows are kept",
    tags=("training-free", "neighbours"),
    ids=("001-006",),
)

Floats = NDArray[np.floating]


def nearest_similarities(X: Floats, reference: Floats, count: int) -> Floats:
    """Cosine similarities (N, count) of the most similar reference rows, the highest first.

    Args:
        X: Vectors (N, D); a row of zeros has similarity 0 to all.
        reference: Vectors (M, D) of length 1.
        count: Neighbours of each row, from 1 to M.

    Returns:
        Similarities from 1 down to -1. Cost: O(N M D), in blocks of a few MB.

    Raises:
        InputError: `count` is out of its range.

    Example:
        >>> import numpy as np
        >>> nearest_similarities(np.array([[3.0, 4.0]]), np.eye(2), 2).tolist()
        [[0.8, 0.6]]
    """
    if not 1 <= count <= len(reference):
        raise InputError(f"{count} neighbours are asked for among {len(reference)} rows; ask for 1 to {len(reference)}")
    rows = normalize_rows(X).astype(np.result_type(X.dtype, np.float32), copy=False)
    return largest_products(rows, reference.astype(rows.dtype, copy=False), count)[1]


class KNNDistance(Detector):
    """Detector of outliers by the similarity of the nearest known rows, which is the score: from -1 to 1.

    Args:
        neighbours: Number of nearest rows, at least 1.
        by: `mean` of their similarities, or that of the `last` one.
        false_alarms: Share of typical rows that may be called outliers, in 0..1.
        held_out: Share of the rows that is kept for the threshold.
        random_state: Seed of the draw of these.

    Attributes:
        vectors_: Known rows (M, D) of length 1; rows of zeros, which have no direction, are not among them.

    Example:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(200, 2)) + [5.0, 0.0]
        >>> KNNDistance().fit(X).predict([[5.0, 0.0], [-5.0, 0.0]])
        array([ 1, -1])
    """

    def __init__(
        self,
        neighbours: int = 1,
        by: str = "mean",
        false_alarms: float = 0.05,
        held_out: float = 0.2,
        random_state: int | None = 0,
    ) -> None:
        self.neighbours = neighbours
        self.by = by
        self.false_alarms = false_alarms
        self.held_out = held_out
        self.random_state = random_state

    def _learn(self, X: Floats, codes: NDArray[np.int64]) -> None:
        check_choice(self.by, ("mean", "last"), "way to tell typical rows")
        self.vectors_ = normalize_rows(X[X.any(axis=1)])

    def _typicality(self, X: Floats) -> Floats:
        found = nearest_similarities(X, self.vectors_, self.neighbours)
        return np.asarray(found.mean(axis=1) if self.by == "mean" else found[:, -1])
