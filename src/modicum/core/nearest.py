"""The rows most like a row, exactly: blocked matrix products, and the best of what comes block by block.

The one kernel of every search for neighbours. Nearly all time goes into the products: of each block of scores only
those above the least score kept so far are looked at, and after a few blocks hardly any is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import Floats, chunks

BLOCK, QUERIES = 2_048, 512
"""Reference rows and queries of one product, whose scores take 4 MB in float32: large enough for the product to run at
full speed, small enough to stay in a cache."""
CROWDED = 16
"""Where more than one score in this many beats the least one kept, whole rows are partitioned."""

Ints = NDArray[np.int64]


class Best:
    """The k best scores of each row, of columns that come block by block.

    Args:
        rows: Number N of rows.
        k: How many are kept of each, at least 1.
        dtype: Precision of the scores.

    Example:
        >>> import numpy as np
        >>> best = Best(1, 2)
        >>> best.offer(slice(0, 1), np.array([[3.0, 1.0]]), np.array([0, 1]))
        >>> best.offer(slice(0, 1), np.array([[2.0, 9.0]]), np.array([2, 3]))
        >>> best.ranked()[0].tolist()
        [[3, 0]]
    """

    def __init__(self, rows: int, k: int, dtype: np.dtype[np.floating] | type[np.floating] = np.float32) -> None:
        self._k = k
        self._scores = np.full((rows, k), -np.inf, dtype=dtype)
        self._numbers = np.full((rows, k), -1, dtype=np.int64)
        self._least = np.full(rows, -np.inf, dtype=dtype)

    def offer(self, part: slice, scores: Floats, numbers: Ints) -> None:
        """Take in scores (n, B) of the rows `part` for B columns with these numbers (B,); minus infinity is none."""
        hits = np.flatnonzero(scores > self._least[part, None])
        if len(hits) == 0:
            return
        pick = _of_all if len(hits) * CROWDED > scores.size else _of_few
        rows, columns, values = pick(scores, hits, self._k)
        at = part.start + rows
        pool = np.concatenate([self._scores[at], values], axis=1)
        names = np.concatenate([self._numbers[at], numbers[columns]], axis=1)
        best = np.argpartition(pool, pool.shape[1] - self._k, axis=1)[:, -self._k :]
        self._scores[at] = kept = np.take_along_axis(pool, best, axis=1)
        self._numbers[at] = np.take_along_axis(names, best, axis=1)
        self._least[at] = kept.min(axis=1)

    def ranked(self) -> tuple[Ints, Floats]:
        """Numbers and scores (N, k), best first; number -1 and minus infinity where there were fewer than k."""
        numbers = np.where(np.isneginf(self._scores), -1, self._numbers)
        order = np.lexsort((numbers, -self._scores), axis=1)
        return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(self._scores, order, axis=1)


def _of_all(scores: Floats, hits: Ints, k: int) -> tuple[Ints, Ints, Floats]:
    """All rows, and the columns and values (n, at most k) of their best scores."""
    width = scores.shape[1]
    columns = np.argpartition(scores, width - min(k, width), axis=1)[:, -k:]
    return np.arange(len(scores)), columns, np.take_along_axis(scores, columns, axis=1)


def _of_few(scores: Floats, hits: Ints, k: int) -> tuple[Ints, Ints, Floats]:
    """Rows with a hit, and the columns and values (n, most hits of a row) of their hits; minus infinity fills up."""
    row, column = np.divmod(hits, scores.shape[1])
    count = np.bincount(row, minlength=len(scores))
    rows = np.flatnonzero(count)
    place = np.arange(len(hits)) - (np.cumsum(count) - count)[row]
    short = (np.cumsum(count > 0) - 1)[row]
    columns = np.zeros((len(rows), int(count.max())), dtype=np.int64)
    values = np.full(columns.shape, -np.inf, dtype=scores.dtype)
    columns[short, place] = column
    values[short, place] = scores[row, column]
    return rows, columns, values


def largest_products(
    queries: Floats, reference: Floats, k: int, *, skip: Ints | None = None, most: float = np.inf
) -> tuple[Ints, Floats]:
    """Numbers and inner products (N, k) of the reference rows with the largest products, best first.

    Args:
        queries: Vectors (N, D).
        reference: Vectors (M, D); of length 1, as the queries, where products are to be cosines.
        k: How many of each query, at least 1; fewer where M is smaller.
        skip: Number of one reference row (N,) that each query passes over: itself, where it is among them.
        most: Reference rows whose product lies above this are passed over.

    Returns:
        Row numbers in 0..M-1 and products, from large to small; -1 and minus infinity where fewer than k are left.
        Cost: O(N M D) time, O(N k) memory beside blocks of a few MB.

    Example:
        >>> import numpy as np
        >>> largest_products(np.array([[0.0, 2.0]]), np.eye(2), 1)
        (array([[1]]), array([[2.]]))
    """
    best = Best(len(queries), min(k, len(reference)), np.result_type(queries, reference))
    for block in chunks(len(reference), BLOCK):
        numbers = np.arange(block.start, block.stop)
        for part in chunks(len(queries), QUERIES):
            scores = queries[part] @ reference[block].T
            if skip is not None:
                own = skip[part] - block.start
                inside = np.flatnonzero((own >= 0) & (own < len(numbers)))
                scores[inside, own[inside]] = -np.inf
            if most < np.inf:
                scores[scores > most] = -np.inf
            best.offer(part, scores, numbers)
    return best.ranked()
