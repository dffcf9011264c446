"""How many topics: as many as another half of the rows would find again.

The question: at which level should a tree of groups be cut, when nobody says how many topics there are? The rows are
split at random, each half is clustered alone, and for a ladder of counts it is told how much of what a topic says of a
row both halves agree on: information that is reproduced, beyond chance. Few topics say little, too many say what the
other half does not; the coarsest count close to the best product of both wins, and where halves agree on next to
nothing there is one topic. Do not use it where the level is known (ask for it), where topics of a dozen rows in a
million matter (halves of a few thousand rows do not see them), or on vectors of few dimensions, where halves cut even
a shapeless cloud alike.

Paper: "Stability-Based Validation of Clustering Solutions" (Lange et al. 2004); assigning one half by the other's
centres is from "Cluster Validation by Prediction Strength" (Tibshirani and Walther 2005). Changed: Ward's tree instead
of k-means; agreement is adjusted mutual information, and it is weighed against how much the topics tell, since
agreement alone nearly always prefers two or three groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_mutual_info_score

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.vectors.topics.leaves import group_sums, nearest
from modicum.vectors.topics.ward import cut_tree, ward_tree

CARD = Card(
    name="topic_count",
    room="vectors",
    question="topics",
    summary="Number of topics that two halves of the rows agree on and that tells most",
    paper="Stability-Based Validation of Clustering Solutions",
    year=2004,
    needs=("vectors",),
    cost="O(n^2 D) for halves of n rows, at most 2,000",
    tags=("model selection", "clustering", "stability"),
)

Floats = NDArray[np.floating]
HALF = 2_000
"""Rows of a half at most."""
FEW, MANY, ENOUGH = 2, 12, 1_000
"""Splits at least and at most; between them as many as make up so many rows, for small halves agree by chance."""
MOST, SMALLEST = 500, 10
"""Topics at most, and rows that a topic should have in the mean."""
CLOSE = 0.95
"""A coarser count wins that reaches this share of the best."""
NOTHING, SAME = 0.2, 1e-6
"""Agreement under which halves agree on next to nothing, shapeless vectors staying under 0.15; and a score that says
that all rows are alike."""


@dataclass(frozen=True, eq=False)
class CountFound:
    """The count, and what was measured of each count that was looked at."""

    count: int
    counts: NDArray[np.int64]
    """Counts looked at (S,), ascending; none where the rows are too few."""
    agreement: NDArray[np.float64]
    """Adjusted mutual information of two halves (S,): 0 by chance, 1 the same."""
    information: NDArray[np.float64]
    """What both halves tell of a row (S,), in nats: agreement times the mean entropy of their topics."""

    @property
    def score(self) -> NDArray[np.float64]:
        """Agreement times information (S,): what the count is chosen by."""
        return self.agreement * self.information


def topic_count(
    X: Floats, rng: np.random.Generator, *, most: int = MOST, counts: NDArray[np.int64] | None = None
) -> CountFound:
    """Number of topics of vectors (N, D), of which only the directions count.

    Args:
        X: Vectors (N, D).
        rng: Draws the halves.
        most: Topics at most; there are never more than a tenth of the rows.
        counts: Counts to look at, ascending; default about four in each doubling.

    Returns:
        The count with the curve. Under twenty rows it is 1. Cost: O(n^2 D) for halves of n rows, at most 2,000.

    Raises:
        InputError: The vectors are not usable, or `most` is below 1.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> corners = np.eye(5)[np.arange(100) % 5]
        >>> topic_count(corners + 0.1 * rng.normal(size=(100, 5)), rng).count
        5
    """
    rows = check_vectors(X)
    if most < 1:
        raise InputError(f"there must be at least 1 topic, not {most}")
    top = min(most, len(rows) // SMALLEST)
    steps = _ladder(top) if counts is None else np.asarray(counts)[np.asarray(counts) <= len(rows) // 2]
    if len(steps) == 0:
        return CountFound(1, np.empty(0, np.int64), np.empty(0), np.empty(0))
    splits = min(max(FEW, ENOUGH // len(rows)), MANY)
    measured = np.array([_halves(rows, steps, rng) for _ in range(splits)]).mean(axis=0)
    found = CountFound(1, steps, measured[0], measured[0] * measured[1])
    best = int(found.score.argmax())
    if found.agreement[best] < NOTHING or found.score[best] < SAME:
        return found
    first = int(np.flatnonzero(found.score >= CLOSE * found.score[best])[0])
    return CountFound(int(steps[first]), steps, found.agreement, found.information)


def _ladder(top: int) -> NDArray[np.int64]:
    """Counts from 2 to `top`, about four in each doubling."""
    if top < 2:
        return np.empty(0, np.int64)
    spaced = np.geomspace(2, top, max(2, int(np.ceil(4 * np.log2(top / 2))) + 1))
    return np.unique(np.rint(spaced).astype(np.int64))


def _halves(X: Floats, counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Agreement and mean entropy (2, S) at each count, over the rows of one half."""
    drawn = rng.permutation(len(X))[: 2 * HALF]
    cut = len(drawn) // 2
    a, b = (normalize_rows(np.asarray(X[np.sort(part)])) for part in (drawn[:cut], drawn[cut:]))
    trees = ward_tree(a), ward_tree(b)
    out = np.empty((2, len(counts)))
    for place, count in enumerate(counts.tolist()):
        theirs, own = (
            nearest(b, normalize_rows(group_sums(half, cut_tree(tree, count), count)))
            for half, tree in zip((a, b), trees, strict=True)
        )
        out[:, place] = adjusted_mutual_info_score(own, theirs), (_entropy(own) + _entropy(theirs)) / 2
    return out


def _entropy(codes: NDArray[np.int64]) -> float:
    share = np.bincount(codes) / len(codes)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())
