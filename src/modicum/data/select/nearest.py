"""SimCore: a coreset of an open pool that lies nearest to a target.

The question: which rows of a large and mixed pool would help with this small table? The target is summarised by the
centres of its clusters; in rounds, every centre takes the row of the pool that is nearest to it and not taken yet, so
that all of the target is served and not its densest corner alone. Without a number of rows it stops where a round's
rows are markedly farther from the target than the first round's were. Do not use it to rebalance a pool (it follows
the target's places, not its shares: `importance_resampling`), nor where the pool holds many copies: take those out
first.

Paper: "Coreset Sampling from Open-Set for Fine-Grained Self-Supervised Learning" (Kim et al. 2023). Changed: a fixed
number of rows may be asked for; a round's last places go to the rows nearest to their centres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, class_means, normalize_rows, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_vectors
from modicum.core.clusters import cluster
from modicum.core.errors import InputError
from modicum.data.select.selection import Selection, check_keep

CARD = Card(
    name="nearest_coreset",
    room="data",
    question="select",
    summary="Rows of a pool nearest to the target's clusters, taken in rounds (SimCore)",
    paper="Coreset Sampling from Open-Set for Fine-Grained Self-Supervised Learning",
    year=2023,
    needs=("vectors",),
    cost="O(N C D) for C centres and O(N C) a round; memory O(N C)",
    tags=("data selection", "coreset"),
    ids=("001-163",),
)

CHUNK = 1 << 14


def nearest_coreset(
    X: NDArray[np.floating],
    target: NDArray[np.floating],
    keep: int | None = None,
    *,
    centres: int = 100,
    stop: float = 0.95,
    rng: np.random.Generator,
) -> Selection:
    """Choose the rows of a pool that lie nearest to a target.

    Args:
        X: Vectors of the pool (N, D).
        target: Vectors of the target (M, D).
        keep: Rows wanted; None to stop by itself.
        centres: Clusters of the target, at least 1; at most one a row.
        stop: Where it stops by itself: once a round's mean cosine falls below this share of the first round's, 0 to 1.
        rng: Draws the clusters' seeds.

    Returns:
        The rows, all of weight 1; scores are the cosine to the centre that took the row. Facts: `rounds`.

    Raises:
        InputError: The vectors do not belong together, the target is empty, more rows are wanted than there are, or a
            setting is out of its range.

    Example:
        >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0], [0.1, 0.9]])
        >>> nearest_coreset(X, np.eye(2), 2, rng=np.random.default_rng(0)).rows.tolist()
        [0, 2]
    """
    X = check_vectors(X)
    target = normalize_rows(check_vectors(target, width=X.shape[1], what="target vectors"))
    check_fraction(stop, "stop")
    if centres < 1:
        raise InputError(f"centres must be at least 1, not {centres}")
    if len(target) == 0:
        raise InputError("the target has no row; give the rows that the choice should lie near to")
    most = len(X) if keep is None else check_keep(keep, len(X))
    cosines = _cosines(X, _centres(target, centres, rng))
    rows, scores, first, rounds = np.empty(0, dtype=np.int64), np.empty(0), 0.0, 0
    while len(rows) < most:
        taken, nearness = _round(cosines)
        first = nearness.mean() if rounds == 0 else first
        if keep is None and rounds and nearness.mean() < stop * first:
            break
        order = np.argsort(-nearness, kind="stable")[: most - len(rows)]
        rows, scores = np.concatenate([rows, taken[order]]), np.concatenate([scores, nearness[order]])
        cosines[taken] = -np.inf
        rounds += 1
    return Selection.of(rows, scores, facts={"rounds": rounds})


def _centres(target: NDArray[np.floating], count: int, rng: np.random.Generator) -> NDArray[np.floating]:
    """Directions (C, D) of the clusters of the target."""
    member, _ = cluster(target, min(count, len(target)), rng)
    found = np.unique(member, return_inverse=True)[1]
    return normalize_rows(class_means(target, one_hot(found, found.max() + 1)))


def _cosines(X: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.float32]:
    out = np.empty((len(X), len(centres)), dtype=np.float32)
    for part in chunks(len(X), CHUNK):
        out[part] = normalize_rows(X[part]) @ centres.T
    return out


def _round(cosines: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows that the centres take, each at most once, and their cosines; a row goes to the centre it is nearest to."""
    wanted = cosines.argmax(axis=0)
    nearness = cosines[wanted, np.arange(cosines.shape[1])].astype(np.float64)
    order = np.argsort(-nearness, kind="stable")
    rows, first = np.unique(wanted[order], return_index=True)
    found = nearness[order][first]
    return rows[np.isfinite(found)].astype(np.int64), found[np.isfinite(found)]
