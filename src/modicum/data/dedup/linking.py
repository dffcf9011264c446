"""From keys that rows share to pairs worth a look, and from pairs that are copies to groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

NEIGHBOURS = 4

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]


def neighbours(keys: Keys, ties: NDArray[np.generic], rows: Ints) -> Ints:
    """Pairs (P, 2) of rows that have a key in common and stand close to one another in it, the smaller row first.

    Args:
        keys: Numbers (M,) that rows which are alike have in common.
        ties: What orders the rows of one key (M,), so that those come together that are most alike.
        rows: The row of each key (M,).
    """
    order = np.lexsort((ties, keys))
    found = [np.empty((0, 2), dtype=np.int64)]
    for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
        left, right = order[:-step], order[step:]
        same = keys[left] == keys[right]
        found.append(np.stack([rows[left[same]], rows[right[same]]], axis=1))
    return distinct(np.concatenate(found))


def band_neighbours(bands: Keys) -> Ints:
    """Pairs (P, 2) of rows that share one of their B keys (N, B); rows of one key are ordered by the next one."""
    rows, count = np.arange(len(bands)), bands.shape[1]
    found = [neighbours(bands[:, band], bands[:, (band + 1) % count], rows) for band in range(count)]
    return distinct(np.concatenate(found))


def distinct(pairs: Ints) -> Ints:
    """Every pair once, the smaller row first; no row with itself."""
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    both = np.unique(low[low < high] << 32 | high[low < high])
    return np.stack([both >> 32, both & 0xFFFFFFFF], axis=1)


def linked(pairs: Ints, rows: int) -> Ints:
    """Group (N,) of each row when pairs (P, 2) belong together, numbered by first appearance."""
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(rows, rows))
    return by_appearance(connected_components(links, directed=False)[1])


def by_appearance(groups: NDArray[np.integer]) -> Ints:
    """The same groups, numbered in the order in which they first appear."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place].astype(np.int64)


def heads(groups: Ints) -> Ints:
    """First row (N,) of the group of each row."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return np.asarray(first[place], dtype=np.int64)


def joined(*groupings: Ints) -> Ints:
    """Groups (N,) of rows that at least one of the groupings (N,) puts together, directly or through others."""
    rows = len(groupings[0])
    pairs = [np.stack([heads(groups), np.arange(rows)], axis=1) for groups in groupings]
    return linked(np.concatenate(pairs), rows)
