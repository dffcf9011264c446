"""Which class to label next, so that the Frechet mean can predict as many classes as possible.

The question: classes have distances, and only some can be given labelled rows; which one is worth most? The Frechet
mean can predict a class that was never labelled when it lies between labelled ones, that is, when some probabilities
of the labelled classes make it the nearest on average. The next class is the one that, once labelled, brings most
classes within reach; among equals, the one farthest from all that is in reach already. On a tree whose nodes all are
classes, that is a leaf at the end of the longest way out of the subtree that the labelled classes span, and labelling
all leaves brings everything within reach. Do not use it where labels are cheap in every class, or where the metric
does not mirror confusions: within reach does not mean predicted well.

Paper: "Geometry-Aware Adaptation for Pretrained Models" (Roberts et al. 2023; code: SprocketLab/loki). Changed: any
metric, by the pairs of labelled classes. On trees and other metrics where pairs decide (as the paper calls them,
pairwise decomposable) the reach is exact; elsewhere three classes can reach what no two of them do, and it is a lower
bound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_codes
from modicum.core.errors import InputError
from modicum.labels.spaces.metrics import Metric

CARD = Card(
    name="next_classes",
    room="labels",
    question="spaces",
    summary="Which class to label next, so that the Frechet mean reaches most unlabelled classes",
    paper="Geometry-Aware Adaptation for Pretrained Models",
    year=2023,
    needs=("metric",),
    cost="O(C^2 K h) for C classes, K of them labelled, h answers between two of them; in blocks of about 64 MB",
    tags=("label metric", "active", "zero-shot"),
    ids=("000-000",),
)

BLOCK = 2_000_000
"""Numbers in one block of squared distances."""
TIE = 1e-9
"""Expected squared distances that differ by less, relative to the squared distance of the pair, are equal."""

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


def between(to_first: Floats, to_second: Floats) -> NDArray[np.bool_]:
    """Classes that the Frechet mean can predict from two classes.

    Args:
        to_first: Squared distances (P, C) of all C candidates to the first class of each of P pairs.
        to_second: Squared distances (P, C) to the second class; the two classes are among the candidates.

    Returns:
        Mask (P, C) of the classes that minimise w * to_first + (1 - w) * to_second for some w from 0 to 1; ties count.
        As points of the plane they are the lower left hull, found edge by edge for all pairs together. Cost:
        O(P C h) for h classes on the hull.

    Example:
        >>> import numpy as np
        >>> between(np.array([[0.0, 1.0, 4.0, 9.0]]), np.array([[4.0, 1.0, 0.0, 9.0]])).tolist()
        [[True, True, True, False]]
    """
    found: NDArray[np.bool_] = np.asarray((to_first <= 0) | (to_second <= 0))
    first, second = to_first.argmin(axis=1), to_second.argmin(axis=1)
    slack = TIE * to_first[np.arange(len(to_first)), second]
    rows = np.flatnonzero(slack > 0)
    first, second = first[rows], second[rows]
    while len(rows):
        high = to_second[rows, first] - to_second[rows, second]
        wide = to_first[rows, second] - to_first[rows, first]
        weight = (high / (high + wide))[:, None]
        expected = weight * to_first[rows] + (1 - weight) * to_second[rows]
        edge = np.arange(len(rows))
        lowest = expected.argmin(axis=1)
        least = expected[edge, lowest] + slack[rows]
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        found[rows[starts]] |= np.logical_or.reduceat(expected <= least[:, None], starts, axis=0)
        bent = expected[edge, first] > least
        rows, lowest = np.repeat(rows[bent], 2), lowest[bent]
        first = np.stack([first[bent], lowest], axis=1).ravel()
        second = np.stack([lowest, second[bent]], axis=1).ravel()
    return found


def reach(metric: Metric, observed: ArrayLike) -> NDArray[np.bool_]:
    """Mask (C,) of the classes that the Frechet mean can predict when the classes `observed` have labels.

    Args:
        metric: Distances between all C classes.
        observed: Numbers of the labelled classes (K,), each in 0..C-1.

    Raises:
        InputError: No class is observed, or a number is out of range.

    Example:
        >>> from modicum.labels.spaces import GraphMetric
        >>> path = GraphMetric([(0, 1), (1, 2), (2, 3)], 4)
        >>> reach(path, [0, 2]).tolist()
        [True, True, True, False]
    """
    labelled = _labelled(metric, observed)
    squares = metric.block(labelled, np.arange(len(metric))) ** 2
    found: NDArray[np.bool_] = np.asarray((squares <= 0).any(axis=0))
    for number in range(len(labelled) - 1):
        found |= _reached_with(squares[number][None], squares[number + 1 :])[0]
    return found


def next_classes(metric: Metric, observed: ArrayLike, *, count: int = 1) -> Ints:
    """Classes to label next, one after another, each the one that brings most classes within reach.

    Args:
        metric: Distances between all C classes.
        observed: Numbers of the classes that have labels (K,), at least one, each in 0..C-1.
        count: How many to choose, at least 1.

    Returns:
        Class numbers, at most `count`; fewer where everything is within reach before. Ties go to the class that is
        farthest from all in reach, then to the first. Cost: O(C^2 K h) for each choice.

    Raises:
        InputError: No class is observed, a number is out of range, or `count` is below 1.

    Example:
        >>> from modicum.labels.spaces import GraphMetric
        >>> star = GraphMetric([(0, 1), (0, 2), (0, 3), (3, 4)], 5)
        >>> next_classes(star, [1], count=9).tolist()
        [4, 2]
    """
    if count < 1:
        raise InputError(f"count must be at least 1, not {count}")
    labelled = _labelled(metric, observed)
    everything = np.arange(len(metric))
    found = reach(metric, labelled)
    chosen: list[int] = []
    while len(chosen) < count and not found.all():
        squares = metric.block(labelled, everything) ** 2
        candidates = np.flatnonzero(~found)
        gains, apart = np.zeros(len(candidates)), np.zeros(len(candidates))
        for part in chunks(len(candidates), max(1, BLOCK // len(metric))):
            own = metric.block(candidates[part], everything)
            gains[part] = (_reached_with(own**2, squares) & ~found).sum(axis=1)
            apart[part] = own[:, found].min(axis=1)
        best = np.lexsort((candidates, -apart, -gains))[0]
        chosen.append(int(candidates[best]))
        found |= _reached_with(metric.block(candidates[[best]], everything) ** 2, squares)[0]
        labelled = np.append(labelled, candidates[best])
    return np.array(chosen, dtype=np.int64)


def _labelled(metric: Metric, observed: ArrayLike) -> Ints:
    labelled = np.unique(check_codes(observed, classes=len(metric)))
    if len(labelled) == 0:
        raise InputError("no class is observed; name at least one class that has labels")
    return labelled


def _reached_with(new: Floats, squares: Floats) -> NDArray[np.bool_]:
    """Mask (B, C): reached from any pair of one new class (squared distances (B, C)) and one observed (K, C)."""
    found = np.zeros(new.shape, dtype=bool)
    for row in squares:
        for part in chunks(len(new), max(1, BLOCK // new.shape[1])):
            found[part] |= between(new[part], np.broadcast_to(row, new[part].shape))
    return found
