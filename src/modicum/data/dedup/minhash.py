"""Smallest hashes of sets of letter runs, cut into bands: what names the candidates of near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import HashingVectorizer

from modicum.core.arrays import chunks

BANDS, ROWS = 24, 4
COLUMNS = 1 << 20
CHUNK = 1 << 14


def letter_runs(texts: Sequence[str], letters: int, *, across_words: bool) -> csr_array:
    """Indicator matrix (N, COLUMNS) of hashed runs of letters; within words, they say nothing of the words' order."""
    settings = {"n_features": COLUMNS, "norm": None, "alternate_sign": False, "binary": True, "lowercase": False}
    analyzer = "char" if across_words else "char_wb"
    counter = HashingVectorizer(analyzer=analyzer, ngram_range=(letters, letters), dtype=np.float32, **settings)
    return csr_array(counter.transform(texts))


def band_keys(sets: csr_array, seed: int) -> NDArray[np.uint64]:
    """One number (N, BANDS) for each band of a row's smallest hashes; no row is empty.

    Rows of Jaccard similarity s agree in a band with probability s ** ROWS.
    """
    weights = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, ROWS + 1, dtype=np.uint64)
    bands = _signatures(sets, seed).reshape(sets.shape[0], BANDS, ROWS)
    out = np.zeros((sets.shape[0], BANDS), dtype=np.uint64)
    for row in range(ROWS):
        out += bands[:, :, row] * weights[row]
    return out


def _signatures(sets: csr_array, seed: int) -> NDArray[np.uint32]:
    """Smallest hashes (N, BANDS * ROWS) of each row's columns."""
    rng = np.random.default_rng(seed)
    scale = rng.integers(0, 1 << 31, BANDS * ROWS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    shift = rng.integers(0, 1 << 32, BANDS * ROWS, dtype=np.uint32)
    out = np.empty((sets.shape[0], BANDS * ROWS), dtype=np.uint32)
    for part in chunks(sets.shape[0], CHUNK):
        block = sets[part]
        columns = block.indices.astype(np.uint32) * np.uint32(2654435761)
        for k in range(BANDS * ROWS):
            mixed = columns * scale[k] + shift[k]
            # The low bits of such a product are poor; the mixing brings the high ones down.
            mixed ^= mixed >> np.uint32(16)
            out[part, k] = np.minimum.reduceat(mixed * np.uint32(0x85EBCA6B), block.indptr[:-1])
    return out
