"""Splits of labelled rows: stratified, grouped or ordered in time, honest down to one label a class."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.core.texts import counted
from modicum.evaluation.splits.groups import members_of

Ints = NDArray[np.int64]
FINEST = 20
"""Folds in which a held-out fraction is expressed, where fewer do not hit it."""


@dataclass(frozen=True, eq=False)
class Split:
    """Positions, ascending, of the rows that teach and of the rows that judge."""

    train: Ints
    test: Ints


def make_splits(
    codes: Ints,
    *,
    groups: Ints | None = None,
    times: NDArray[np.float64] | None = None,
    folds: int = 5,
    repeats: int = 2,
    rng: np.random.Generator,
) -> list[Split]:
    """Cross-validation splits of n labelled rows: by time where times are given, else stratified.

    Args:
        codes: Classes (n,).
        groups: Rows (n,) of equal value are never on both sides; with times, those before the test block do not teach.
        times: Times (n,), as in `time_ordered`; there are no repeats then.
        folds: Most folds, at least 2.
        repeats: How often the rows are dealt anew.
        rng: Source of the dealing.

    Raises:
        InputError: There are fewer than two groups (or distinct times), so nothing can be held out or learnt from.

    Example:
        >>> import numpy as np
        >>> splits = make_splits(np.array([0, 0, 1, 1]), folds=2, repeats=1, rng=np.random.default_rng(0))
        >>> [len(set(np.array([0, 0, 1, 1])[s.test])) for s in splits]
        [2, 2]
    """
    if times is None:
        return repeated_stratified(codes, folds, repeats, rng, groups=groups)
    if len(times) != len(codes):
        raise InputError(f"{len(times)} times for {len(codes)} rows; give one per row")
    splits = time_ordered(times, folds)
    return splits if groups is None else _apart(splits, members_of(groups, len(codes)))


def _apart(splits: list[Split], members: Ints) -> list[Split]:
    """Splits whose `train` has lost the groups of `test`; those that have nothing left are dropped."""
    kept = [Split(s.train[~np.isin(members[s.train], members[s.test])], s.test) for s in splits]
    kept = [split for split in kept if len(split.train)]
    if not kept:
        raise InputError(
            "every labelled row before the first test block shares a group with it; leave out --time or --group"
        )
    return kept


def repeated_stratified(
    codes: Ints, folds: int, repeats: int, rng: np.random.Generator, *, groups: Ints | None = None
) -> list[Split]:
    """Stratified folds, dealt anew in each repeat: every row is in `test` exactly once a repeat.

    Without groups the folds differ by at most one row, of each class and in all; a class of one row is absent from
    `train` in exactly one fold (see `represented`). Groups of several rows are dealt first, the largest first, each to
    the fold that has fewest rows of its classes; single rows then fill the gaps.

    Args:
        codes: Classes (n,).
        folds: Most folds, at least 2; fewer where there are fewer rows or groups.
        repeats: How often the rows are dealt anew.
        rng: Source of the dealing.
        groups: Rows (n,) of equal value are never on both sides.

    Returns:
        The splits of the first repeat, then those of the next. Cost: O(n log n + n F) a repeat.

    Raises:
        InputError: There are fewer than two groups, so nothing can be held out; or fewer than two folds are asked for.
    """
    codes, members, folds = _prepared(codes, groups, folds)
    splits = []
    for _ in range(repeats):
        fold = _deal(codes, members, folds, rng)
        splits += [Split(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
    return splits


def time_ordered(times: NDArray[np.float64], folds: int) -> list[Split]:
    """Splits that train on all of the past and test on the block of time that follows.

    Rows (n,) are cut into `folds` + 1 blocks of about equal size; rows of the same time stay in one block. The first
    block is never in `test`.

    Raises:
        InputError: A time is missing, all are the same, or fewer than two folds are asked for.

    Example:
        >>> import numpy as np
        >>> [(s.train.tolist(), s.test.tolist()) for s in time_ordered(np.array([3.0, 1.0, 2.0, 2.0]), 2)]
        [([1], [2, 3]), ([1, 2, 3], [0])]
    """
    _check_folds(folds)
    if np.isnan(times).any():
        raise InputError(
            f"labelled row {int(np.isnan(times).argmax())} has no time; fill the column, or leave --time out"
        )
    moments, place, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(moments) < 2:
        raise InputError("all labelled rows have the same time, so there is no past to learn from; leave --time out")
    middle = np.cumsum(counts) - counts / 2
    block = (middle * min(folds + 1, len(moments)) // len(times)).astype(np.int64)[place]
    return [Split(np.flatnonzero(block < b), np.flatnonzero(block == b)) for b in np.unique(block)[1:]]


def hold_out(codes: Ints, fraction: float, rng: np.random.Generator, *, groups: Ints | None = None) -> Split:
    """One split that sets about `fraction` (0 to 1) of the rows aside, by class and with groups kept whole.

    Raises:
        InputError: There are fewer than two groups, or `fraction` is not between 0 and 1.
    """
    check_fraction(fraction, "fraction")
    finest = max(FINEST, ceil(1 / min(fraction, 1 - fraction)))
    codes, members, folds = _prepared(codes, groups, Fraction(fraction).limit_denominator(finest).denominator)
    aside = _deal(codes, members, folds, rng) < min(max(round(fraction * folds), 1), folds - 1)
    return Split(np.flatnonzero(~aside), np.flatnonzero(aside))


def represented(codes: Ints, split: Split) -> NDArray[np.bool_]:
    """Mask over `split.test`: whether the row's class has a row in `split.train`."""
    return np.isin(codes[split.test], codes[split.train])


def _check_folds(folds: int) -> None:
    if folds < 2:
        raise InputError(f"folds must be at least 2, not {folds}")


def _prepared(codes: Ints, groups: Ints | None, folds: int) -> tuple[Ints, Ints, int]:
    """Classes and groups (n,) numbered from 0, and how many folds they can fill."""
    _check_folds(folds)
    members = np.arange(len(codes)) if groups is None else members_of(groups, len(codes))
    count = int(members.max(initial=-1)) + 1
    if count < 2:
        there = f"{counted(len(codes), 'labelled row')} in {counted(count, 'group')}"
        raise InputError(f"{there} cannot be split; label rows of at least two groups")
    return np.unique(codes, return_inverse=True)[1], members, min(folds, count)


def _deal(codes: Ints, members: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Fold (n,) of each row."""
    load = np.zeros((folds, int(codes.max()) + 1), dtype=np.int64)
    fold = np.empty(len(codes), dtype=np.int64)
    sizes = np.bincount(members)
    rows = np.argsort(members, kind="stable")
    ends = np.cumsum(sizes)
    large = rng.permutation(np.flatnonzero(sizes > 1))
    for group in large[np.argsort(-sizes[large], kind="stable")]:
        inside = rows[ends[group] - sizes[group] : ends[group]]
        alike = load[:, codes[inside]].sum(axis=1)
        best = np.lexsort((rng.random(folds), load.sum(axis=1), alike))[0]
        fold[inside] = best
        np.add.at(load, (best, codes[inside]), 1)
    single = rng.permutation(np.flatnonzero(sizes[members] == 1))
    single = single[np.argsort(codes[single], kind="stable")]
    by_class = np.split(single, np.cumsum(np.bincount(codes[single], minlength=load.shape[1]))[:-1])
    for k in rng.permutation(load.shape[1]):
        fold[by_class[k]] = _levelled(load[:, k], load.sum(axis=1), len(by_class[k]), rng)
        load[:, k] += np.bincount(fold[by_class[k]], minlength=folds)
    return fold


def _levelled(height: Ints, total: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Folds (count,) that raise the lowest heights (F,) first, and of equal ones those of the smallest total."""
    steps = -(-count // len(height)) + int(np.ptp(height))
    level = height[:, None] + np.arange(steps)
    ties = np.broadcast_to(total[:, None], level.shape)
    chance = np.broadcast_to(rng.random((len(height), 1)), level.shape)
    return np.lexsort((chance.ravel(), ties.ravel(), level.ravel()))[:count] // max(steps, 1)
