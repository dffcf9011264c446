"""Weighted k-means as methods use it: a few steps, any copies, no warning."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus

from modicum.core.arrays import Floats

STEPS = 25


def cluster(
    X: NDArray[np.floating], count: int, rng: np.random.Generator, *, weight: NDArray[np.floating] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    """Lloyd's algorithm from k-means++ seeds.

    scikit-learn's estimator warns where rows are copies of each other, which is nothing a caller could mend.

    Args:
        X: Vectors (N, D), N at least 1.
        count: Clusters wanted, 1 to N; those that lose all rows keep their centre.
        rng: Draws the seeds.
        weight: Weight of each row (N,), at least 0 and not all 0; default 1.

    Returns:
        Cluster of each row (N,) and squared distance to its centre (N,). Cost: O(N D count) a step, at most 25 steps.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0], [0.2], [5.0]])
        >>> nearest, distance = cluster(X, 2, np.random.default_rng(0))
        >>> bool(nearest[0] == nearest[1] != nearest[2]), distance.round(3).tolist()
        (True, [0.01, 0.01, 0.0])
    """
    mass = np.ones(len(X), dtype=X.dtype) if weight is None else weight.astype(X.dtype)
    centres, _ = kmeans_plusplus(X, count, sample_weight=mass, random_state=seed_of(rng))
    rows = np.arange(len(X))
    nearest = np.full(len(X), -1)
    for _ in range(STEPS):
        distance = squared_distances(X, centres)
        found = distance.argmin(axis=1)
        if np.array_equal(found, nearest):
            break
        nearest = found
        order = np.argsort(nearest, kind="stable")
        starts = np.flatnonzero(np.diff(nearest[order], prepend=-1))
        there = nearest[order[starts]]
        totals = np.add.reduceat(mass[order], starts)
        sums = np.add.reduceat((X * mass[:, None])[order], starts)
        heavy = totals > 0
        centres = centres.copy()
        centres[there[heavy]] = sums[heavy] / totals[heavy, None]
    distance = squared_distances(X, centres)
    nearest = distance.argmin(axis=1)
    return nearest.astype(np.int64), distance[rows, nearest]


def squared_distances(X: Floats, centres: Floats) -> Floats:
    """Squared Euclidean distances (N, C) of vectors (N, D) to centres (C, D)."""
    squares = (X**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * (X @ centres.T)
    return np.asarray(np.maximum(squares, 0))


def seed_of(rng: np.random.Generator) -> int:
    """A seed for a library that takes no generator."""
    return int(rng.integers(2**31 - 1))
