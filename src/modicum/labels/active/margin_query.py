"""Margin sampling with diversity: rows the model is torn about, no two alike.

The question: whose label would help most? Rows are ranked by the margin between their two most probable classes; among
the most uncertain ones, a spread-out batch is picked by going, again and again, to the row farthest from all picked so
far, distance weighted by uncertainty. Uncertainty alone picks near-copies; diversity alone picks oddities. Do not use
it before the model is better than chance, and never calibrate on the rows it picked.

Papers: "Active Hidden Markov Models for Information Extraction" (Scheffer et al. 2001) for the margin; "Diverse
mini-batch Active Learning" (Zhdanov 2019) for the pre-filtered diverse batch. Changed: farthest-first instead of
clustering.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_probabilities, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="margin_query",
    room="labels",
    question="active",
    summary="Rows with the smallest margin between two classes, spread out over the vectors",
    paper="Diverse mini-batch Active Learning",
    year=2019,
    needs=("probabilities", "vectors", "unlabelled"),
    cost="O(N K + B^2 F D) for a batch of B rows and a pre-filter of F B",
    tags=("active learning", "margin", "diversity"),
)


def margin_query(
    proba: NDArray[np.floating],
    X: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    prefilter: int = 10,
) -> NDArray[np.int64]:
    """Choose rows to label.

    Args:
        proba: Probabilities (N, K).
        X: Vectors (N, D).
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Breaks ties.
        prefilter: The most uncertain `prefilter * budget` rows are candidates.

    Returns:
        Distinct row numbers, most helpful first.

    Raises:
        InputError: The arrays do not belong together, or the budget is negative.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
        >>> margin_query(proba, np.eye(3), np.zeros(3, bool), 1, np.random.default_rng(0)).tolist()
        [1]
    """
    proba = check_probabilities(proba)
    X = check_vectors(X, rows=len(proba))
    if budget < 0:
        raise InputError(f"the budget must be at least 0 rows, not {budget}")
    free = np.flatnonzero(~np.asarray(labelled))
    budget = min(budget, len(free))
    if budget == 0:
        return np.empty(0, dtype=np.int64)
    top = np.partition(proba[free], proba.shape[1] - 2, axis=1)[:, -2:]
    margin = top[:, 1] - top[:, 0]
    order = np.lexsort((rng.random(len(free)), margin))[: prefilter * budget]
    candidates, doubt = free[order], 1 - margin[order]
    return candidates[_spread(normalize_rows(X[candidates].astype(np.float64)), doubt, budget)]


def _spread(X: NDArray[np.floating], doubt: NDArray[np.floating], budget: int) -> NDArray[np.int64]:
    """Positions of a farthest-first batch that starts with the most doubtful row."""
    chosen = np.zeros(budget, dtype=np.int64)
    distance = np.maximum(1 - X @ X[0], 0)
    free = np.ones(len(X), dtype=bool)
    free[0] = False
    for step in range(1, budget):
        gain = np.where(free, (distance + 1e-9) * doubt, -1.0)
        chosen[step] = gain.argmax()
        free[chosen[step]] = False
        distance = np.minimum(distance, np.maximum(1 - X @ X[chosen[step]], 0))
    return chosen
