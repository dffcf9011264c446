"""Rank fusion: one list out of several whose scores cannot be compared.

The question: how are the answers of unlike searches, of words and of vectors, made one? Reciprocal rank fusion forgets
the scores and adds up 1 / (k + rank) over the lists that found a row, so that a row near the top of two lists passes
one at the top of a single list. Fusion of scores brings every list to 0..1 first, which keeps how far ahead a row is,
and adds them up with weights. Do not fuse with a list that is much worse than the others without giving it a small
weight: both forms then lie between the two.

Papers: "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning Methods" (Cormack et al. 2009), and
for scores "An Analysis of Fusion Functions for Hybrid Retrieval" (Bruch et al. 2023). Changed: equal scores of a list
share the better rank, so that the order of the rows does not matter; a row that a list has not found gains nothing
from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.errors import InputError

CARD = Card(
    name="rank_fusion",
    room="vectors",
    question="search",
    summary="One list out of several, by reciprocal ranks or by weighted scores",
    paper="Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank Learning Methods",
    year=2009,
    needs=("vectors",),
    cost="O(L N log N) for L lists",
    tags=("training-free", "hybrid"),
)

METHODS = ("ranks", "scores")


def rank_fusion(
    scores: NDArray[np.floating],
    *,
    method: str = "ranks",
    weights: ArrayLike | None = None,
    k: float = 60.0,
    lowest: Sequence[float | None] | None = None,
) -> NDArray[np.float64]:
    """Fused scores (N,) of L lists, higher is better; minus infinity for rows that no list has found.

    Args:
        scores: Scores (L, N) of every list, higher is better; minus infinity where a list has not found a row.
        method: `ranks`: sum of weight / (k + rank), ranks counted from 1; `scores`: weighted sum of scores, each list
            brought to 0 at its lowest and 1 at its best (to 1 where its scores do not differ).
        weights: Weight of each list (L,), at least 0; default 1.
        k: Of `ranks`, above 0: the larger, the less the first places count.
        lowest: Of `scores`, the lowest score (L,) that a list could give, such as -1 for a cosine; default, and for
            None, the lowest it gave to a row it found.

    Raises:
        InputError: The method is not known, weights or lowest scores do not fit the lists, or `k` is not above 0.

    Example:
        >>> import numpy as np
        >>> words, cosines = [3.0, 2.0, -np.inf, -np.inf], [0.1, 0.8, 0.9, -np.inf]
        >>> rank_fusion(np.array([words, cosines]), k=1).round(2).tolist()
        [0.75, 0.67, 0.5, -inf]
        >>> rank_fusion(np.array([words, cosines]), method="scores", lowest=[0, -1]).round(2).tolist()
        [1.58, 1.61, 1.0, -inf]
    """
    check_choice(method, METHODS, "method of fusion")
    shares = _weights(weights, len(scores))
    lows = [None] * len(scores) if lowest is None else lowest
    if len(lows) != len(scores):
        raise InputError(f"{len(lows)} lowest scores for {len(scores)} lists; give one for each list, or None")
    if not k > 0:
        raise InputError(f"k must be above 0, not {k}")
    fused, found = np.zeros(scores.shape[1]), np.zeros(scores.shape[1], dtype=bool)
    for own, share, low in zip(scores, shares, lows, strict=True):
        there = own > -np.inf
        if not there.any():
            continue
        told = np.asarray(own[there], dtype=np.float64)
        fused[there] += share * (1 / (k + rankdata(-told, method="min")) if method == "ranks" else _unit(told, low))
        found |= there
    return np.where(found, fused, -np.inf)


def _weights(weights: ArrayLike | None, lists: int) -> NDArray[np.float64]:
    shares = np.ones(lists) if weights is None else np.asarray(weights, dtype=np.float64)
    if shares.shape != (lists,) or not np.isfinite(shares).all() or (shares < 0).any():
        raise InputError(f"weights must be {lists} numbers of at least 0, one for each list, not {shares.tolist()}")
    return shares


def _unit(told: NDArray[np.float64], low: float | None) -> NDArray[np.float64]:
    """Scores from 0 at the lowest to 1 at the best; all 1 where they do not differ."""
    bottom = told.min() if low is None else min(low, told.min())
    span = told.max() - bottom
    return (told - bottom) / span if span > 0 else np.ones(len(told))
