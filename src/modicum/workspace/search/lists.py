"""The lists of scores that a search puts together: one of words, one of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.protocols import StoredVectors
from modicum.data.search import BM25

Floats = NDArray[np.floating]
ROWS = 16_384
FOUND, FEW = 1_000, 20_000
"""Rows that an index is asked for, and rows up to which those that pass a filter are compared exactly instead."""


class VectorRows:
    """Rows by their vectors (N, D), memory-mapped or not; those of 16 bits are computed with in 32."""

    def __init__(self, vectors: Floats) -> None:
        self.vectors = vectors
        # A vector of 16 bits that is longer than 255 has a squared length beyond them.
        self._dtype = np.result_type(vectors.dtype, np.float32)
        parts = [np.linalg.norm(self._part(part), axis=1) for part in chunks(len(vectors), ROWS)]
        self._lengths: Floats = np.concatenate(parts) if parts else np.empty(0)

    def cosines(self, query: Floats) -> NDArray[np.float32]:
        """Cosine (N,) of each row to a query (D,) of length 1; minus infinity for vectors of zeros. Cost: O(N D)."""
        wanted = query.astype(self._dtype)
        told = np.full(len(self.vectors), -np.inf, dtype=np.float32)
        for part in chunks(len(told), ROWS):
            known = self._lengths[part] > 0
            told[part][known] = (self._part(part) @ wanted)[known] / self._lengths[part][known]
        return told

    def _part(self, rows: slice) -> Floats:
        return np.asarray(self.vectors[rows], dtype=self._dtype)


class StoredRows:
    """Rows by the vectors that a store holds, of which an index finds the nearest.

    Args:
        stored: The vectors.
        kept: Mask (N,) of the rows that may be found.
    """

    def __init__(self, stored: StoredVectors, kept: NDArray[np.bool_]) -> None:
        self.vectors = _Taken(stored)
        self._stored, self._size = stored, len(kept)
        # A filter passes what the index finds, so that it is asked for more where less passes.
        self._count = int(min(FOUND * len(kept) / max(1, int(kept.sum())), 10 * FOUND))

    def cosines(self, query: Floats) -> NDArray[np.float32]:
        """Cosine (N,) of the rows that the index finds nearest to a query (D,); minus infinity for all others."""
        told = np.full(self._size, -np.inf, dtype=np.float32)
        rows, cosines = self._stored.nearest(query, self._count)
        told[rows] = cosines
        return told


class FewRows:
    """Rows of which few may be found, by the vectors that a store holds: those few are read, and compared exactly."""

    def __init__(self, stored: StoredVectors, kept: NDArray[np.bool_]) -> None:
        self.vectors = _Taken(stored)
        self._rows, self._size = np.flatnonzero(kept), len(kept)
        self._few = VectorRows(stored.take(self._rows))

    def cosines(self, query: Floats) -> NDArray[np.float32]:
        """Cosine (N,) of the rows that may be found to a query (D,); minus infinity for all others."""
        told = np.full(self._size, -np.inf, dtype=np.float32)
        told[self._rows] = self._few.cosines(query)
        return told


class _Taken:
    """Vectors of single rows, read when they are asked for."""

    def __init__(self, stored: StoredVectors) -> None:
        self._stored = stored

    def __getitem__(self, rows: Sequence[int]) -> Floats:
        return self._stored.take(np.asarray(rows, dtype=np.int64))


def word_scores(words: BM25, wanted: Sequence[str], unwanted: Sequence[str]) -> NDArray[np.float32]:
    """BM25 scores (N,) of wanted texts less those of unwanted ones; minus infinity for rows that are not above 0.

    The unwanted scores are first brought to the same maximum, so that a long unwanted text weighs no more than a short
    query.
    """
    told = words.scores(" ".join(wanted))
    against = words.scores(" ".join(unwanted))
    most = float(against.max(initial=0))
    if most > 0:
        told = told - against * (float(told.max()) / most)
    return np.where(told > 0, told, np.float32(-np.inf))
