"""Splits of labelled rows: stratified, grouped or ordered in time, honest down to one label a class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from modicum.core.errors import InputError

Ints = NDArray[np.int64]


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
    repeats: int = 1,
    rng: np.random.Generator,
) -> list[Split]:
    """Cross-validation splits of n labelled rows.

    Every row is in `test` exactly once a repeat. A class is dealt over the folds as evenly as its groups allow, so a
    class of one row is absent from `train` in exactly one fold (see `represented`).

    Args:
        codes: Classes (n,).
        groups: Rows (n,) of equal value are never on both sides.
        times: With times (n,), every split trains on the past only; there are no repeats, and the rows of the first
            block are never in `test`.
        folds: Most folds; fewer where there are fewer groups.
        repeats: How often the rows are dealt anew.
        rng: Source of the dealing.

    Raises:
        InputError: There are fewer than two groups (or distinct times), so nothing can be held out.

    Example:
        >>> import numpy as np
        >>> splits = make_splits(np.array([0, 0, 1, 1]), folds=2, rng=np.random.default_rng(0))
        >>> [len(set(np.array([0, 0, 1, 1])[s.test])) for s in splits]
        [2, 2]
    """
    if times is not None:
        return _time_ordered(times, folds)
    n = len(codes)
    members = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    count = int(members.max()) + 1 if n else 0
    if count < 2:
        raise InputError(f"{n} labelled rows in {count} group(s) cannot be split; label rows of at least two groups")
    folds = min(folds, count)
    splits = []
    for _ in range(repeats):
        fold = _deal(codes, members, folds, rng)
        splits += [Split(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
    return splits


def _deal(codes: Ints, members: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Fold (n,) of each row. Single rows are dealt class by class in turn; larger groups go where they weigh least."""
    sizes = np.bincount(members)
    fold_of = np.full(len(sizes), -1, dtype=np.int64)
    load = np.zeros((folds, int(codes.max()) + 1))
    total = np.zeros(folds)
    large = np.flatnonzero(sizes > 1)
    order = rng.permutation(len(large))
    for group in large[order[np.argsort(-sizes[large[order]], kind="stable")]]:
        counts = np.bincount(codes[members == group], minlength=load.shape[1])
        best = int(np.lexsort((rng.random(folds), total, load @ counts))[0])
        fold_of[group] = best
        load[best] += counts
        total[best] += counts.sum()
    single = sizes[members] == 1
    for k in rng.permutation(load.shape[1]):
        rows = rng.permutation(np.flatnonzero(single & (codes == k)))
        order = np.lexsort((rng.random(folds), total, load[:, k]))
        dealt = order[np.arange(len(rows)) % folds]
        fold_of[members[rows]] = dealt
        load[:, k] += np.bincount(dealt, minlength=folds)
        total += np.bincount(dealt, minlength=folds)
    fold = fold_of[members]
    return _without_gaps(fold, members, folds, rng)


def _without_gaps(fold: Ints, members: Ints, folds: int, rng: np.random.Generator) -> Ints:
    """Give every empty fold a group of the fold that has most groups."""
    fold = fold.copy()
    for empty in np.setdiff1d(np.arange(folds), fold):
        held = [len(np.unique(members[fold == k])) for k in range(folds)]
        donor = int(np.argmax(held))
        fold[members == rng.choice(np.unique(members[fold == donor]))] = empty
    return fold


def _time_ordered(times: NDArray[np.float64], folds: int) -> list[Split]:
    moments, place = np.unique(times, return_inverse=True)
    if len(moments) < 2:
        raise InputError("all labelled rows have the same time, so there is no past to learn from; drop --time")
    blocks = np.array_split(np.arange(len(moments)), min(folds + 1, len(moments)))
    return [
        Split(np.flatnonzero(place < block[0]), np.flatnonzero((place >= block[0]) & (place <= block[-1])))
        for block in blocks[1:]
    ]


def hold_out(codes: Ints, fraction: float, rng: np.random.Generator, *, groups: Ints | None = None) -> Split:
    """One split that sets about `fraction` (0 to 1) of the rows aside, by class and with groups kept whole."""
    folds = max(2, round(1 / fraction))
    return make_splits(codes, groups=groups, folds=folds, rng=rng)[0]


def represented(codes: Ints, split: Split) -> NDArray[np.bool_]:
    """Mask over `split.test`: whether the row's class has a row in `split.train`."""
    return np.isin(codes[split.test], codes[split.train])


def merge_groups(a: Ints, b: Ints) -> Ints:
    """Groups (N,) of rows that are joined by equal values in `a` or in `b`, directly or through others.

    Example:
        >>> import numpy as np
        >>> merge_groups(np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7])).tolist()
        [0, 0, 0, 1]
    """
    left, right = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    size = int(left.max()) + int(right.max()) + 2
    links = coo_array((np.ones(len(left)), (left, right + int(left.max()) + 1)), shape=(size, size))
    joined = connected_components(links, directed=False)[1]
    return np.unique(joined[left], return_inverse=True)[1].astype(np.int64)
