"""What every way to choose rows answers, and the checks they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows chosen from a pool."""

    rows: Ints
    """Row numbers (n,), ascending."""
    weights: NDArray[np.float64]
    """How much each chosen row should count (n,), 1 in the mean."""
    scores: NDArray[np.float64]
    """What each was chosen by (n,): higher is more wanted."""
    facts: Mapping[str, float] = field(default_factory=dict)
    """Figures that the method tells of the choice."""

    @classmethod
    def of(
        cls,
        rows: ArrayLike,
        scores: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        facts: Mapping[str, float] | None = None,
    ) -> Selection:
        """Bring rows in order, with their scores and weights (default: all alike).

        Example:
            >>> Selection.of([5, 2], [0.1, 0.9], weights=[1.0, 3.0]).weights.tolist()
            [1.5, 0.5]
        """
        found = np.asarray(rows, dtype=np.int64)
        order = np.argsort(found, kind="stable")
        mass = np.ones(len(found)) if weights is None else np.asarray(weights, dtype=np.float64)
        mean = mass.mean() if len(mass) and mass.any() else 1.0
        return cls(found[order], (mass / mean)[order], np.asarray(scores, dtype=np.float64)[order], dict(facts or {}))


def check_keep(keep: int, pool: int | None = None) -> int:
    """Return how many rows are wanted.

    Raises:
        InputError: None are, or more than there are.
    """
    if not isinstance(keep, (int, np.integer)) or keep < 1:
        raise InputError(f"at least one row must be kept, not {keep}")
    if pool is not None and keep > pool:
        raise InputError(f"{keep:,} rows are wanted of a pool of {pool:,}; keep fewer, or give a larger pool")
    return int(keep)


def best(scores: Floats, keep: int, rng: np.random.Generator) -> Ints:
    """Rows (keep,) of the highest scores (N,); among equal ones by chance."""
    return np.lexsort((rng.random(len(scores)), -np.asarray(scores)))[:keep]
