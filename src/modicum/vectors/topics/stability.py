"""Stability of topics: would other rows and another seed have found them?

The question: which topics are there, and which are an accident of this run? The rows' halves, drawn anew, are each
clustered alone into as many topics; how well the best group of a run covers a topic (Jaccard index), in the mean over
the runs, is its stability, and the share of rows that fall into the matched group is what a row's confidence should be
in the mean. Do not use it to choose the number of topics (`topic_count` does), or as proof that a topic has a meaning:
copies are stable, too.

Paper: "Cluster-wise Assessment of Cluster Stability" (Hennig 2007). Changed: halves without replacement instead of
bootstraps, since copies among the rows flatter; the rows of both halves are judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_vectors
from modicum.core.errors import InputError
from modicum.vectors.topics.leaves import group_sums, nearest, refined
from modicum.vectors.topics.ward import cut_tree, ward_tree

CARD = Card(
    name="topic_stability",
    room="vectors",
    question="topics",
    summary="How well each topic is found again from other halves of the rows",
    paper="Cluster-wise Assessment of Cluster Stability",
    year=2007,
    needs=("vectors",),
    cost="O(R n^2 D) for R runs on halves of n rows, at most 2,000",
    tags=("clustering", "validation"),
)

HALF = 2_000


@dataclass(frozen=True, eq=False)
class Stability:
    """How far topics are found again."""

    topics: NDArray[np.float64]
    """Mean Jaccard index (K,) of each topic with its best match, 0 to 1; from about 0.75 on it is called stable."""
    rows: float
    """Share of the rows that another run puts into the same topic, runs being matched one to one."""


def topic_stability(
    X: NDArray[np.floating], codes: NDArray[np.int64], topics: int, rng: np.random.Generator, *, runs: int = 4
) -> Stability:
    """Cluster halves of the rows anew and compare.

    Args:
        X: Vectors (N, D), of which only the directions count.
        codes: Topic (N,) of each row, in 0..K-1.
        topics: K.
        rng: Draws the halves.
        runs: Runs, at least 1.

    Returns:
        Stability of topics and rows; a topic of which no row was drawn has 0. Of large tables 4,000 rows are drawn.

    Raises:
        InputError: The arrays do not belong together, or there is no run.

    Example:
        >>> import numpy as np
        >>> codes = np.arange(40) % 2
        >>> X = np.eye(2)[codes] + 0.01 * np.arange(40)[:, None]
        >>> topic_stability(X, codes, 2, np.random.default_rng(0)).rows
        1.0
    """
    rows = check_vectors(X)
    codes = check_codes(codes, classes=topics, rows=len(rows))
    if runs < 1:
        raise InputError(f"there must be at least 1 run, not {runs}")
    found = np.array([_one_run(rows, codes, topics, rng) for _ in range(runs)])
    return Stability(found[:, :-1].mean(axis=0), float(found[:, -1].mean()))


def _one_run(
    X: NDArray[np.floating], codes: NDArray[np.int64], topics: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Best Jaccard index of every topic, and the share of rows matched (K + 1,)."""
    drawn = rng.permutation(len(X))[: 2 * HALF]
    all_rows, truth = normalize_rows(np.asarray(X[drawn])), codes[drawn]
    half = all_rows[: max(1, len(drawn) // 2)]
    cut = cut_tree(ward_tree(half), min(topics, len(half)))
    start = normalize_rows(group_sums(half, cut, int(cut.max()) + 1))
    centres, _ = refined(half, nearest(half, start))
    run = nearest(all_rows, centres)
    shared = np.zeros((topics, len(centres)))
    np.add.at(shared, (truth, run), 1)
    both = shared.sum(axis=1)[:, None] + shared.sum(axis=0) - shared
    jaccard = shared / np.maximum(both, 1)
    matched = shared[linear_sum_assignment(shared, maximize=True)].sum()
    return np.append(jaccard.max(axis=1), matched / len(drawn))
