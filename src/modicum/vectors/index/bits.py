"""Rows by one bit a coordinate, counted where they differ: which few are worth comparing in full?

Sixty-four coordinates are compared by two instructions, so that a million rows of 256 take a few milliseconds, a tenth
of what `BinaryIndex` takes for sums over bits, which rank better. The many candidates that this leaves are cheap to
compare in full.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import Floats, chunks

WORD = 64
ROWS = 16_384

Columns = NDArray[np.uint64]


def bit_columns(X: Floats, centre: Floats) -> Columns:
    """One bit for each coordinate above its centre: (D / 64 rounded up, N), a column of 64 coordinates in one run.

    Args:
        X: Vectors (N, D).
        centre: What each coordinate is compared with (D,).

    Example:
        >>> bit_columns(np.array([[1.0, -1.0], [-1.0, -1.0]]), np.zeros(2)).tolist()
        [[128, 0]]
    """
    width = -(-X.shape[1] // WORD)
    out = np.zeros((width, len(X)), dtype=np.uint64)
    for part in chunks(len(X), ROWS):
        packed = np.packbits(np.asarray(X[part]) > np.asarray(centre), axis=1)
        padded = np.zeros((len(packed), 8 * width), dtype=np.uint8)
        padded[:, : packed.shape[1]] = packed
        out[:, part] = padded.view(np.uint64).T
    return out


def differing_bits(columns: Columns, query: Columns) -> NDArray[np.uint16]:
    """In how many bits (N,) rows differ from a query.

    Args:
        columns: As `bit_columns` makes them (W, N).
        query: Those of the query (W, 1).

    Example:
        >>> rows = bit_columns(np.array([[1.0, 1.0], [-1.0, 1.0]]), np.zeros(2))
        >>> differing_bits(rows, rows[:, :1]).tolist()
        [0, 1]
    """
    found = np.zeros(columns.shape[1], dtype=np.uint16)
    for own, asked in zip(columns, query[:, 0], strict=True):
        found += np.bitwise_count(own ^ asked)
    return found


def least_differing(
    columns: Columns, query: Columns, most: int, allowed: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Rows that differ from a query in the fewest bits, at least `most` of them where there are as many, unordered.

    Rows that differ in as many bits as the last one are all among them, up to twice as many.
    """
    found = differing_bits(columns, query)
    never = len(columns) * WORD + 1
    if allowed is not None:
        found[~allowed] = never
    reached = np.cumsum(np.bincount(found, minlength=never + 1)[:never])
    limit = min(int(np.searchsorted(reached, min(most, int(reached[-1])))), never - 1)
    sure = np.flatnonzero(found < limit)
    return np.concatenate([sure, np.flatnonzero(found == limit)[: 2 * most - len(sure)]])
