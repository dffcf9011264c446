"""TypiClust: typical rows of clusters that have no label yet.

The question: what to label first, before any model can be trusted? All rows are clustered, into as many clusters as
there will be labels; clusters with the fewest labelled rows come first, large ones before small ones, and of each the
row with the nearest neighbours is taken. With few labels typical rows beat uncertain ones, for a model knows nothing
of its doubt then. Do not use it once several labels a class are there (margin_query), or where clusters are not what
classes are made of.

Paper: "Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets" (Hacohen et al. 2022). Changed:
fixed vectors instead of self-supervised ones; typicality in a cluster is the mean cosine to its nearest rows, in place
of the inverse mean distance (on vectors of one length nearly the same order).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.clusters import cluster
from modicum.core.errors import InputError
from modicum.labels.active.unlabelled import unlabelled

CARD = Card(
    name="typical_query",
    room="labels",
    question="active",
    summary="TypiClust: the densest row of each cluster without a label",
    paper="Active Learning on a Budget: Opposite Strategies Suit High and Low Budgets",
    year=2022,
    needs=("vectors", "unlabelled"),
    cost="O(N D C) a step for C clusters, at most 25 steps, and O(n^2 D) for clusters of n rows",
    tags=("active learning", "density", "clusters", "cold start"),
)

MOST_CLUSTERS = 500
SMALL = 5
"""Clusters of so few rows are oddities; they are asked for when no other is left."""
CROWD = 2_000
"""Rows of a cluster, drawn at random, among which neighbours are sought."""


def typical_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    neighbours: int = 20,
) -> NDArray[np.int64]:
    """Choose typical rows.

    Args:
        X: Vectors (N, D); only their directions count.
        proba: Probabilities (N, K); only their number counts.
        labelled: Mask (N,) of rows that are never chosen; their clusters come last.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Seeds the clusters, and draws from clusters of over 2,000 rows.
        neighbours: Nearest rows that tell how typical a row is, at least 1.

    Returns:
        Distinct row numbers, those of the largest clusters without a label first.

    Raises:
        InputError: The arrays do not belong together, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1], [0.1, 1]])
        >>> typical_query(X, np.full((5, 2), 0.5), np.arange(5) > 2, 1, np.random.default_rng(0)).tolist()
        [1]
    """
    if neighbours < 1:
        raise InputError(f"neighbours must be at least 1, not {neighbours}")
    pool = unlabelled(X, proba, labelled, budget)
    if pool.budget == 0:
        return np.empty(0, dtype=np.int64)
    rows = normalize_rows(pool.X)
    count = min(int(pool.labelled.sum()) + pool.budget, MOST_CLUSTERS, len(rows))
    nearest, _ = cluster(rows, count, rng)
    sizes = np.bincount(nearest, minlength=count)
    known = np.bincount(nearest[pool.labelled], minlength=count)
    turn = np.lexsort((-sizes, known, sizes <= SMALL))
    ranked = {
        int(number): _by_typicality(rows, np.flatnonzero((nearest == number) & ~pool.labelled), neighbours, rng)
        for number in turn[: pool.budget]
    }
    chosen = [row for depth in range(max(map(len, ranked.values()))) for row in _layer(ranked, depth)]
    rest = np.setdiff1d(pool.rows, chosen)
    fill = rng.choice(rest, min(len(rest), max(pool.budget - len(chosen), 0)), replace=False)
    return np.array([*chosen, *fill.tolist()], dtype=np.int64)[: pool.budget]


def _layer(ranked: dict[int, NDArray[np.int64]], depth: int) -> list[int]:
    """The row at this rank of every cluster that has as many."""
    return [int(rows[depth]) for rows in ranked.values() if len(rows) > depth]


def _by_typicality(
    X: NDArray[np.floating], members: NDArray[np.int64], neighbours: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Members of one cluster, the row with the nearest neighbours first."""
    if len(members) < 2:
        return members
    crowd = rng.choice(members, min(len(members), CROWD), replace=False)
    count = max(1, min(neighbours, len(crowd) // 2))
    near = np.sort(X[crowd] @ X[crowd].T, axis=1)[:, -1 - count : -1]
    return crowd[np.argsort(-near.mean(axis=1), kind="stable")]
