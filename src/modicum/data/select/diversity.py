"""Diverse sample: a few rows from every cluster, for instance to write synthetic queries for.

The question: which rows should be shown to somebody, or to a large model, so that nothing of the table is missed? Rows
are clustered; every cluster gets places in proportion to its size, and its rows are drawn with a preference for those
near its centre, so that the sample is varied and yet typical. Do not use it for a sample that figures are to be
estimated from: draw at random then.

Paper: "DUQGen: Effective Unsupervised Domain Adaptation of Neural Rankers by Diversifying Synthetic Query Generation"
(Chandradevan et al. 2024). Changed: every cluster has a place as long as there are enough; weights say how many rows
each stands for. What is generated for the rows is up to the caller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.clusters import cluster
from modicum.core.errors import InputError
from modicum.data.select.selection import Selection, check_keep

CARD = Card(
    name="diverse_sample",
    room="data",
    question="select",
    summary="Rows drawn from every cluster by its size, those near its centre more often",
    paper="DUQGen: Effective Unsupervised Domain Adaptation of Neural Rankers by Diversifying Synthetic Query "
    "Generation",
    year=2024,
    needs=("vectors",),
    cost="O(N D C) a step of the clustering, at most 25 steps",
    tags=("data selection", "synthetic queries", "diversity"),
    ids=("001-056",),
)


def diverse_sample(
    X: NDArray[np.floating],
    keep: int,
    *,
    clusters: int | None = None,
    temperature: float = 0.1,
    rng: np.random.Generator,
) -> Selection:
    """Draw rows from every cluster.

    Args:
        X: Vectors (N, D).
        keep: Rows wanted.
        clusters: Clusters; default one for every row wanted, at most 1,000.
        temperature: Of the preference for rows near their centre, above 0: small for the nearest, large for any.
        rng: Draws the clusters' seeds, and the rows.

    Returns:
        The rows; each weighs as many rows of its cluster as it stands for. Scores are cosines to the cluster's centre.

    Raises:
        InputError: The vectors are not usable, more rows are wanted than there are, or a setting is out of range.

    Example:
        >>> X = np.repeat(np.eye(3), [80, 15, 5], axis=0)
        >>> found = diverse_sample(X, 6, clusters=3, rng=np.random.default_rng(0))
        >>> X[found.rows].sum(axis=0).tolist()
        [4.0, 1.0, 1.0]
    """
    unit = normalize_rows(check_vectors(X))
    check_keep(keep, len(unit))
    count = min(keep, 1_000) if clusters is None else clusters
    if not 1 <= count <= len(unit) or not temperature > 0:
        raise InputError(f"{count} clusters at temperature {temperature}: give 1 to {len(unit)} clusters, above 0")
    member = np.unique(cluster(unit, count, rng)[0], return_inverse=True)[1]
    sizes = np.bincount(member)
    nearness = (unit * normalize_rows(class_means(unit, one_hot(member, len(sizes))))[member]).sum(axis=1)
    places = _places(sizes, keep)
    # Within a cluster, the largest of preference plus Gumbel noise are a draw without replacement.
    drawn = nearness / temperature + rng.gumbel(size=len(unit))
    order = np.lexsort((-drawn, member))
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(order)) - starts[member[order]]
    rows = order[rank < places[member[order]]]
    return Selection.of(rows, nearness[rows], weights=(sizes / np.maximum(places, 1))[member[rows]])


def _places(sizes: NDArray[np.int64], keep: int) -> NDArray[np.int64]:
    """Places (C,) of each cluster: by its size, at least one while there are enough, never more than its rows."""
    least = np.zeros(len(sizes), dtype=np.int64)
    least[np.argsort(-sizes, kind="stable")[:keep]] = 1
    fair = sizes * (keep / sizes.sum())
    places: NDArray[np.int64] = np.maximum(np.floor(fair).astype(np.int64), least)
    while places.sum() > keep:
        places[np.where(places > least, places - fair, -np.inf).argmax()] -= 1
    while places.sum() < keep:
        places[np.where(places < sizes, fair - places, -np.inf).argmax()] += 1
    return places
