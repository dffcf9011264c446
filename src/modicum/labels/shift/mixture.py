"""Mixing shares by maximum likelihood, which every method that inverts a confusion needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def mixing_shares(
    seen: Floats, parts: Floats, *, start: Floats | None = None, steps: int = 500, tolerance: float = 1e-8
) -> NDArray[np.float64]:
    """Shares (N, K) under which mixtures of the parts come closest to what was seen, in Kullback-Leibler divergence.

    Args:
        seen: Distributions (N, M), each row summing to 1.
        parts: Distributions (K, M) that are mixed, each row summing to 1.
        start: First shares (N, K) or (K,), above 0; default equal ones.
        steps: Most steps of expectation-maximisation.
        tolerance: Stop when no share moves more.

    Returns:
        Rows that sum to 1. The problem is concave, so the start matters only where parts are alike. Cost: O(N K M) a
        step.

    Example:
        >>> import numpy as np
        >>> mixing_shares(np.array([[0.5, 0.5]]), np.array([[0.9, 0.1], [0.2, 0.8]])).round(3).tolist()
        [[0.429, 0.571]]
    """
    seen, parts = np.asarray(seen, np.float64), np.asarray(parts, np.float64)
    first = np.full(len(parts), 1 / len(parts)) if start is None else np.asarray(start, np.float64)
    shares = np.broadcast_to(first, (len(seen), len(parts)))
    for _ in range(steps):
        moved = shares * ((seen / np.maximum(shares @ parts, 1e-12)) @ parts.T)
        moved = moved / np.maximum(moved.sum(axis=1, keepdims=True), 1e-300)
        if np.abs(moved - shares).max() < tolerance:
            return np.asarray(moved)
        shares = moved
    return np.asarray(shares)
