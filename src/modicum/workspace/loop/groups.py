"""Groups of unlabelled rows that look alike, for answering many at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows

SIZE, GROUPS = 12, 8
"""Most rows of a group, and groups that are offered."""
SEEDS, POOL = 256, 5_000
"""Rows that are tried as the middle of a group, and rows that groups are made of: random parts where there are more."""
LEAST = 4
"""Fewest rows of a group."""
ALIKE = 0.6
"""Least cosine between the middle of a group and its rows, where the table has rows as close as that."""


@dataclass(frozen=True, eq=False)
class Group:
    """Rows around a middle, the closest first."""

    rows: NDArray[np.int64]
    tightness: float
    """Mean cosine between the middle and the rows."""


def alike(X: NDArray[np.floating], proba: NDArray[np.floating], rng: np.random.Generator) -> list[Group]:
    """Disjoint groups of rows that lie close together and that the model takes for one class.

    Args:
        X: Vectors (N, D) of unlabelled rows.
        proba: Their probabilities (N, K).
        rng: Picks what is looked at where there are many rows.

    Returns:
        At most `GROUPS` groups with row numbers of X, those of many close rows first. Cost: O(SEEDS POOL D).
    """
    if len(X) < LEAST or proba.shape[1] == 0:
        return []
    rows = np.arange(len(X)) if len(X) <= POOL else np.sort(rng.choice(len(X), POOL, replace=False))
    near = normalize_rows(np.asarray(X[rows], dtype=np.float32))
    best = proba[rows].argmax(axis=1)
    seeds = rng.permutation(len(rows))[:SEEDS]
    closeness = near[seeds] @ near.T
    closeness[best[seeds][:, None] != best[None, :]] = -1.0
    size = min(SIZE, len(rows))
    nearest = np.argpartition(-closeness, size - 1, axis=1)[:, :size]
    values = np.take_along_axis(closeness, nearest, axis=1)
    order = np.argsort(-np.where(values > 0, values, 0).sum(axis=1), kind="stable")
    taken = np.zeros(len(rows), dtype=bool)
    groups: list[Group] = []
    for seed in order:
        inside = np.argsort(-values[seed], kind="stable")
        members, cosines = nearest[seed][inside], values[seed][inside]
        members, cosines = (part[(cosines >= ALIKE) & ~taken[members]] for part in (members, cosines))
        if len(members) >= LEAST:
            taken[members] = True
            groups.append(Group(rows[members], float(cosines.mean())))
        if len(groups) == GROUPS:
            break
    return groups
