"""Unit vectors of equal standing: as nearly orthogonal to one another as their number and width allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.errors import InputError

BLOCK = 8_000_000
"""Cosines between class vectors that stand in memory at once."""
STEP = 0.5
"""Length of a step against the push; with 1 crowded vectors jump onto one another, where no push can part them."""


def equiangular_vectors(
    classes: int, width: int, *, alpha: float, rng: np.random.Generator, steps: int = 2_000
) -> NDArray[np.float64]:
    """Unit vectors of which no two are more alike than `alpha`.

    Args:
        classes: Number of vectors K, at least 1.
        width: Their dimension E, at least 1.
        alpha: Largest absolute cosine between two of them, 0 to 1; met within 1e-6. With K <= E they are orthogonal.
        rng: Source of the first, random directions.
        steps: Most steps of pushing apart.

    Returns:
        Vectors (K, E) of length 1. Cost: O(K^2 E) a step, in blocks.

    Raises:
        InputError: `alpha` is under the least that K vectors can have (Welch 1974), or was not reached.

    Example:
        >>> import numpy as np
        >>> V = equiangular_vectors(3, 2, alpha=0.5, rng=np.random.default_rng(0))
        >>> np.abs(V @ V.T).round(3).tolist()
        [[1.0, 0.5, 0.5], [0.5, 1.0, 0.5], [0.5, 0.5, 1.0]]
    """
    drawn = rng.normal(size=(classes, width))
    if classes <= width:
        return np.asarray(np.linalg.qr(drawn.T)[0].T)
    least = float(np.sqrt((classes - width) / (width * (classes - 1))))
    if alpha < least - 1e-6:
        raise InputError(
            f"no {classes} vectors of width {width} have cosines within {alpha:g}; the least is {least:.3g}; "
            "raise alpha or width"
        )
    V = np.asarray(normalize_rows(drawn), dtype=np.float64)
    for _ in range(steps):
        push, worst = _push(V, max(0.99 * alpha, least))
        if worst <= alpha + 1e-6:
            return V
        V = np.asarray(normalize_rows(V - STEP * push), dtype=np.float64)
    raise InputError(
        f"{classes} vectors of width {width} still have cosines of {worst:.3g} after {steps} steps; "
        "raise alpha or width"
    )


def _push(V: NDArray[np.float64], free: float) -> tuple[NDArray[np.float64], float]:
    """Gradient (K, E) of half the summed squared overlap beyond `free`, and the largest absolute cosine."""
    push, worst = np.empty_like(V), 0.0
    for part in chunks(len(V), max(1, BLOCK // len(V))):
        cosines = V[part] @ V.T
        cosines[np.arange(len(cosines)), np.arange(part.start, part.stop)] = 0
        size = np.abs(cosines)
        worst = max(worst, float(size.max()))
        push[part] = (np.sign(cosines) * np.maximum(size - free, 0)) @ V
    return push, worst
