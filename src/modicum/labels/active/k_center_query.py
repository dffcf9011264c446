"""k-center: rows that leave no region of the vectors without a label.

The question: what to label so that every row lies near a labelled one? Again and again the row farthest from all
labelled and chosen rows is taken; the largest distance that remains is at most twice the smallest possible one. No
model is needed. Do not use it on tables with oddities (they are what lies farthest), or with few labels for many
classes, where typical rows teach more.

Papers: "Clustering to Minimize the Maximum Intercluster Distance" (Gonzalez 1985) for the greedy rule and its bound;
"Active Learning for Convolutional Neural Networks: A Core-Set Approach" (Sener & Savarese 2018) for its use in
queries. Changed: without a labelled row the first choice is the row nearest to the mean, not a random one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.clusters import squared_distances
from modicum.labels.active.unlabelled import unlabelled

CARD = Card(
    name="k_center_query",
    room="labels",
    question="active",
    summary="Farthest-first rows, so that every row lies near a labelled one",
    paper="Active Learning for Convolutional Neural Networks: A Core-Set Approach",
    year=2018,
    needs=("vectors", "unlabelled"),
    cost="O(N D (L + B)) for L labelled rows and a batch of B, in blocks of 512 labelled rows",
    tags=("active learning", "diversity", "coreset", "baseline"),
)

BLOCK = 512


def k_center_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose rows that cover the vectors.

    Args:
        X: Vectors (N, D).
        proba: Probabilities (N, K); only their number counts.
        labelled: Mask (N,) of rows that are never chosen, and that cover their neighbourhood already.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Breaks ties, as between copies.

    Returns:
        Distinct row numbers, each the farthest from all labelled and earlier ones. Cost: O(N D (L + B)).

    Raises:
        InputError: The arrays do not belong together, or the budget is negative.

    Example:
        >>> import numpy as np
        >>> X, labelled = np.array([[0.0], [0.1], [0.5], [2.0]]), np.array([True, False, False, False])
        >>> k_center_query(X, np.full((4, 2), 0.5), labelled, 2, np.random.default_rng(0)).tolist()
        [3, 2]
    """
    pool = unlabelled(X, proba, labelled, budget)
    if pool.budget == 0:
        return np.empty(0, dtype=np.int64)
    order = rng.permutation(pool.rows)
    rows = pool.X[order]
    chosen = np.zeros(pool.budget, dtype=np.int64)
    if pool.labelled.any():
        distance = _to_nearest(rows, pool.X[pool.labelled])
        chosen[0] = distance.argmax()
    else:
        distance = np.full(len(rows), np.inf, dtype=rows.dtype)
        chosen[0] = squared_distances(rows, pool.X.mean(axis=0, keepdims=True)).argmin()
    for step in range(1, pool.budget):
        distance = np.minimum(distance, squared_distances(rows, rows[chosen[[step - 1]]])[:, 0])
        distance[chosen[:step]] = -1.0  # below copies of a chosen row, which lie at 0
        chosen[step] = distance.argmax()
    return order[chosen]


def _to_nearest(X: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.floating]:
    """Squared distance (N,) of each row to the nearest of some centres."""
    nearest = np.full(len(X), np.inf, dtype=X.dtype)
    for part in chunks(len(centres), BLOCK):
        nearest = np.minimum(nearest, squared_distances(X, centres[part]).min(axis=1))
    return nearest
