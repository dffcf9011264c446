"""What every query strategy is given, checked once: which rows are free to ask for, and how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.checks import check_probabilities, check_vectors
from modicum.core.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]

Query = Callable[[Floats, Floats, Mask, int, np.random.Generator], Ints]
"""The signature of all query strategies: (X, proba, labelled, budget, rng) -> row numbers."""


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """The checked arguments of a query."""

    X: Floats
    """Vectors (N, D)."""
    proba: NDArray[np.float64]
    """Probabilities (N, K), K at least 2."""
    labelled: Mask
    """Rows (N,) that are never asked for."""
    rows: Ints
    """Numbers of the other rows (M,), ascending."""
    budget: int
    """Rows to choose, at most M."""


def unlabelled(X: ArrayLike, proba: ArrayLike, labelled: ArrayLike, budget: int) -> Unlabelled:
    """Check the arguments of a query; a budget above the number of unlabelled rows is cut to it.

    Raises:
        InputError: The arrays do not belong together, there are fewer than two classes, the mask is not one, or the
            budget is not a whole number of at least 0.
    """
    probabilities = check_probabilities(proba)
    vectors = check_vectors(X, rows=len(probabilities))
    if probabilities.shape[1] < 2:
        raise InputError(f"probabilities have {probabilities.shape[1]} column; a query needs at least two classes")
    mask = np.asarray(labelled)
    if mask.dtype != bool or mask.shape != (len(probabilities),):
        raise InputError(
            f"labelled must be a mask of {len(probabilities)} rows, not {mask.dtype} of shape {mask.shape}"
        )
    if not isinstance(budget, (int, np.integer)) or budget < 0:
        raise InputError(f"the budget must be at least 0 rows, not {budget}")
    rows = np.flatnonzero(~mask)
    return Unlabelled(vectors, probabilities, mask, rows, min(int(budget), len(rows)))


def margins(proba: Floats) -> Floats:
    """Probability of the most probable class less that of the second, for each row of (N, K): 0 (torn) to 1 (sure).

    Example:
        >>> import numpy as np
        >>> margins(np.array([[0.5, 0.3, 0.2]])).round(2).tolist()
        [0.2]
    """
    top = np.partition(proba, proba.shape[1] - 2, axis=1)[:, -2:]
    return np.asarray(top[:, 1] - top[:, 0])
