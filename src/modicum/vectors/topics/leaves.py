"""What clustering shares: centres of groups, the nearest one in chunks, and few points that stand for many rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
ROWS = 8_192
"""Rows whose similarities are held at a time."""


def group_sums(X: Floats, codes: Ints, groups: int) -> Floats:
    """Sum (K, D) of the rows (N, D) of each group; zeros for a group without rows. Cost: O(N D)."""
    rows = np.arange(len(X))
    member = csr_array((np.ones(len(X), dtype=X.dtype), (codes, rows)), shape=(groups, len(X)))
    return np.asarray(member @ X)


def nearest(X: Floats, centres: Floats) -> Ints:
    """Most similar centre (N,) of each row (N, D), centres (K, D) being of length 1. Cost: O(N K D), in chunks."""
    out = np.empty(len(X), dtype=np.int64)
    flat = np.ascontiguousarray(centres.T)
    for part in chunks(len(X), ROWS):
        out[part] = (X[part] @ flat).argmax(axis=1)
    return out


def refined(X: Floats, codes: Ints, steps: int = 10) -> tuple[Floats, Ints]:
    """Spherical k-means from given groups: centres (K, D) of length 1 and the group of each row; empty ones vanish.

    Args:
        X: Vectors (N, D) of length 1.
        codes: Group (N,) of each row to begin with.
        steps: Steps at most.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1.0, 0.0], [0.9962, 0.0872], [0.0, 1.0]])
        >>> refined(X, np.array([0, 1, 1]))[1].tolist()
        [0, 0, 1]
    """
    for _ in range(steps + 1):
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
        centres = normalize_rows(group_sums(X, codes, int(codes.max()) + 1))
        moved = nearest(X, centres)
        if np.array_equal(moved, codes):
            break
        codes = moved
    kept, codes = np.unique(codes, return_inverse=True)
    return centres[kept], codes.astype(np.int64)


def leaves(X: Floats, most: int, rng: np.random.Generator, *, each: int = 20) -> tuple[Floats, Floats]:
    """At most `most` points (M, D) that stand for the rows, and how many rows each stands for (M,).

    Few rows stand for themselves. Of many, `each` a point are drawn, and clustered from points drawn among them.
    """
    if len(X) <= most:
        return X, np.ones(len(X))
    drawn = np.sort(rng.choice(len(X), min(len(X), each * most), replace=False))
    sample = X[drawn]
    centres = sample[np.sort(rng.choice(len(sample), most, replace=False))]
    _, codes = refined(sample, nearest(sample, centres), steps=5)
    mass = np.bincount(codes).astype(np.float64)
    return group_sums(sample, codes, len(mass)) / mass[:, None].astype(sample.dtype), mass
