"""The lists of scores that a search puts together: one of words, one of vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.data.search import BM25

Floats = NDArray[np.floating]
ROWS = 16_384


class VectorRows:
    """Rows by their vectors (N, D), memory-mapped or not."""

    def __init__(self, vectors: Floats) -> None:
        self.vectors = vectors
        parts = [np.linalg.norm(vectors[part], axis=1) for part in chunks(len(vectors), ROWS)]
        self._lengths: Floats = np.concatenate(parts) if parts else np.empty(0)

    def cosines(self, query: Floats) -> NDArray[np.float32]:
        """Cosine (N,) of each row to a query (D,) of length 1; minus infinity for vectors of zeros. Cost: O(N D)."""
        wanted = query.astype(self.vectors.dtype)
        told = np.full(len(self.vectors), -np.inf, dtype=np.float32)
        for part in chunks(len(told), ROWS):
            known = self._lengths[part] > 0
            told[part][known] = (self.vectors[part] @ wanted)[known] / self._lengths[part][known]
        return told


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
