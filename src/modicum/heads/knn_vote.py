"""Vote of the nearest labelled rows: which classes do the rows have that are most like this one?

The question: what do similar items say, when classes have many shapes? The k labelled rows of highest cosine similarity
vote, the more similar the louder, and the share of the votes is the probability. Nothing is trained, rows can be added
at any time, and the neighbours explain the answer. Do not use it for accuracy: a linear rule makes more of each row
with few and with many, most of all where classes cut through clouds of similar rows; nor where the rows are too many to
be kept with the model.

Paper: "PatentSBERTa: A Deep NLP based Hybrid Model for Patent Distance and Classification using Augmented SBERT"
(Bekamiri et al. 2021). Changed: votes weigh exp(scale * similarity), as in "Unsupervised Feature Learning via
Non-Parametric Instance Discrimination" (Wu et al. 2018); votes are smoothed so that logarithms are finite; a row of
weight w counts as w rows; search is exact.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.linear_head import Facts, Head
from modicum.core.nearest import largest_products

CARD = Card(
    name="KNNVote",
    room="heads",
    question="heads",
    summary="Similarity-weighted vote of the nearest labelled rows",
    paper="PatentSBERTa: A Deep NLP based Hybrid Model for Patent Distance and Classification using Augmented SBERT",
    year=2021,
    needs=("labels",),
    cost="O(N M D) to predict from M labelled rows, in chunks of about 64 MB; all M rows are kept",
    tags=("training-free", "incremental"),
    ids=("000-059",),
)

BLOCK = 4_000_000
"""Similarities, and at most as many votes, that stand in memory at once."""

Floats = NDArray[np.floating]


def nearest_rows(X: Floats, reference: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Numbers and cosine similarities (N, count) of the most similar reference rows, best first.

    Args:
        X: Vectors (N, D).
        reference: Vectors (M, D) of length 1, M at least `count`.
        count: Neighbours of each row, at least 1.

    Returns:
        Row numbers in 0..M-1 and similarities from 1 down to -1. Cost: O(N M D), memory O(N count).

    Example:
        >>> import numpy as np
        >>> nearest_rows(np.array([[0.0, 2.0]]), np.eye(2), 1)
        (array([[1]]), array([[1.]]))
    """
    return largest_products(normalize_rows(X), reference.astype(X.dtype, copy=False), count)


def vote(
    neighbours: NDArray[np.int64],
    similarity: Floats,
    indicators: NDArray[Any] | csr_array,
    *,
    scale: float = 10.0,
    mass: Floats | None = None,
    smoothing: float = 0.0,
) -> Floats:
    """Share of the neighbours' votes for each label.

    Args:
        neighbours: Row numbers (N, k) of each row's neighbours in `indicators`, most similar first.
        similarity: Their similarities (N, k).
        indicators: Labels of the voters (M, K): 1 where the row has the label, else 0.
        scale: A vote weighs exp(scale * (similarity - that of the nearest)); 0 gives all votes the same weight.
        mass: How often each vote counts (N, k), at least 0; default once.
        smoothing: Weight of one more vote that is spread evenly over the K labels, at least 0.

    Returns:
        Shares (N, K) from 0 to 1; rows sum to 1 where every voter has one label. Cost: O(N k K).

    Example:
        >>> import numpy as np
        >>> labels = np.array([[1, 0], [1, 1], [0, 1]])
        >>> vote(np.array([[0, 1]]), np.array([[0.9, 0.9]]), labels).tolist()
        [[1.0, 0.5]]
    """
    weight = np.exp(scale * (similarity - similarity[:, :1]))
    if mass is not None:
        weight = weight * mass
    rows, count = weight.shape
    starts = np.arange(0, rows * count + 1, count)
    cast = csr_array((weight.ravel(), neighbours.ravel(), starts), shape=(rows, indicators.shape[0]))
    votes = cast @ indicators
    votes = votes if isinstance(votes, np.ndarray) else votes.toarray()
    total = weight.sum(axis=1, keepdims=True) + smoothing
    return np.asarray((votes + smoothing / votes.shape[1]) / total)


def vote_shares(
    X: Floats, reference: Floats, indicators: NDArray[Any] | csr_array, weight: Floats, k: int, **settings: float
) -> Floats:
    """Shares (N, K) of the votes of the nearest rows that together weigh k, in chunks; settings are those of `vote`."""
    count = math.ceil(min(len(reference), k / float(weight.min())))
    width = max(len(reference), indicators.shape[1])
    out = np.empty((len(X), indicators.shape[1]), dtype=X.dtype)
    for part in chunks(len(X), max(1, BLOCK // width)):
        near, similarity = nearest_rows(X[part], reference, count)
        own = weight[near]
        mass = np.clip(k - (np.cumsum(own, axis=1) - own), 0, own)
        out[part] = vote(near, similarity, indicators, mass=mass, **settings)
    return out


def check_voters(k: int, scale: float) -> None:
    """Refuse settings that are out of their range.

    Raises:
        InputError: `k` is under 1 or `scale` under 0.
    """
    if k < 1 or scale < 0:
        raise InputError(f"k must be at least 1 and scale at least 0, not {k} and {scale:g}")


class KNNVote(Head):
    """Weighted vote of the k nearest labelled rows, each of one class.

    Args:
        k: Number of voters; fewer where there are fewer rows. A row of weight w counts as w voters.
        scale: How much louder similar rows vote, at least 0; 0 is the plain majority.
        smoothing: Weight of one more vote that is spread evenly over all classes, above 0.

    Attributes:
        vectors_: Labelled vectors (M, D) of length 1.
        codes_: Their classes (M,), in 0..K-1.
        weight_: Their weights (M,), above 0.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0]])
        >>> KNNVote(k=2).fit(X, ["up", "up", "right"]).predict([[0.2, 0.9]])
        array(['up'], dtype='<U5')
    """

    def __init__(self, k: int = 10, scale: float = 10.0, smoothing: float = 1.0) -> None:
        self.k = k
        self.scale = scale
        self.smoothing = smoothing

    def _learn(self, facts: Facts) -> None:
        check_voters(self.k, self.scale)
        if self.smoothing <= 0:
            raise InputError(
                f"smoothing must be above 0, not {self.smoothing:g}, or a class without a vote has no score"
            )
        kept = facts.weight > 0
        self.vectors_ = normalize_rows(facts.X[kept])
        self.codes_, self.weight_ = facts.codes[kept], facts.weight[kept]

    def _grow(self, facts: Facts) -> None:
        new = facts.codes == facts.classes - 1
        self.vectors_ = np.append(self.vectors_, normalize_rows(facts.X[new]), axis=0)
        self.codes_ = np.append(self.codes_, facts.codes[new])
        self.weight_ = np.append(self.weight_, facts.weight[new])

    def _scores(self, X: Floats) -> Floats:
        rows = len(self.codes_)
        ones = np.ones(rows, dtype=X.dtype)
        indicators = csr_array((ones, self.codes_, np.arange(rows + 1)), shape=(rows, len(self.classes_)))
        settings = {"scale": self.scale, "smoothing": self.smoothing}
        return np.log(vote_shares(X, self.vectors_, indicators, self.weight_.astype(X.dtype), self.k, **settings))
