"""Near-duplicates: rows whose texts are almost the same, letter by letter.

The question: which rows were copied and changed a little, a mark, a typo, a number? A text is the set of its runs of
four letters; two texts whose sets overlap by a stated share (Jaccard similarity) are near-duplicates, and whatever is
linked by them, directly or through others, is one group. Groups keep such rows on one side of every split: else a
model is praised for what it has memorised. Do not expect paraphrases to be found, which need vectors; texts of fewer
than four letters have only exact copies. Where most texts follow one template, groups can chain up to be large.

Paper: "On the resemblance and containment of documents" (Broder 1997): signatures of smallest hashes, cut into bands,
name the candidates. Changed: every candidate is checked by its true similarity, so that only misses are left to
chance (under one in 10,000 at the threshold of 0.8); among rows with a band in common, only the few next to one
another are compared, so that a template shared by thousands of rows costs no more than they do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import HashingVectorizer

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.data.dedup.exact import exact_duplicates, normal_form

CARD = Card(
    name="near_duplicates",
    room="data",
    question="dedup",
    summary="Groups of rows whose texts share most of their runs of four letters",
    paper="On the resemblance and containment of documents",
    year=1997,
    needs=("texts",),
    cost="O(H L) for H = 96 hashes and texts of length L in all, then O(N log N) a band and O(pairs found)",
    tags=("duplicates", "leakage", "minhash"),
)

LETTERS = 4
BANDS, ROWS = 24, 4
NEIGHBOURS = 4
COLUMNS = 1 << 20
CHUNK = 1 << 14

Ints = NDArray[np.int64]


def near_duplicates(texts: Sequence[str], *, threshold: float = 0.8, seed: int = 0) -> Ints:
    """Group (N,) of each text, numbered by first appearance; exact duplicates are always together.

    Args:
        texts: N texts, compared in the normal form of `exact_duplicates`.
        threshold: Jaccard similarity, 0 to 1, from which on two texts are near-duplicates; under 0.6 many are missed.
        seed: Of the hashes.

    Raises:
        InputError: The threshold is not between 0 and 1.

    Example:
        >>> near_duplicates(["When will my card arrive?", "when will my card arrive", "Where is my card?"]).tolist()
        [0, 0, 1]
    """
    check_fraction(threshold, "threshold")
    same = exact_duplicates(texts)
    first = np.unique(same, return_index=True)[1]
    if len(texts) == 0:
        return same
    sets = _shingles([normal_form(texts[row]) for row in first])
    full = np.flatnonzero(np.diff(sets.indptr))
    pairs = full[_candidates(_signatures(sets[full], seed))] if len(full) > 1 else np.empty((0, 2), dtype=np.int64)
    close = pairs[_jaccard(sets, pairs) >= threshold]
    links = coo_array((np.ones(len(close)), (close[:, 0], close[:, 1])), shape=(len(first), len(first)))
    return _by_appearance(connected_components(links, directed=False)[1][same])


def _shingles(texts: Sequence[str]) -> csr_array:
    """Indicator matrix (N, COLUMNS) of hashed runs of letters."""
    settings = {"n_features": COLUMNS, "norm": None, "alternate_sign": False, "binary": True, "lowercase": False}
    counter = HashingVectorizer(analyzer="char", ngram_range=(LETTERS, LETTERS), dtype=np.float32, **settings)
    return csr_array(counter.transform(texts))


def _signatures(sets: csr_array, seed: int) -> NDArray[np.uint32]:
    """Smallest hashes (N, BANDS * ROWS) of each row's columns; no row is empty."""
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


def _candidates(signatures: NDArray[np.uint32]) -> Ints:
    """Distinct pairs (P, 2) of rows that have a band in common and stand close to one another in it.

    Rows of one band are ordered by another one, which brings those together that are most alike.
    """
    weights = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, ROWS + 1, dtype=np.uint64)
    bands = signatures.reshape(len(signatures), BANDS, ROWS).astype(np.uint64)
    keys = (bands * weights).sum(axis=2, dtype=np.uint64)
    found = [np.empty((0, 2), dtype=np.int64)]
    for band in range(BANDS):
        order = np.lexsort((keys[:, (band + 1) % BANDS], keys[:, band]))
        for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
            left, right = order[:-step], order[step:]
            same = keys[left, band] == keys[right, band]
            found.append(np.stack([left[same], right[same]], axis=1))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _jaccard(sets: csr_array, pairs: Ints) -> NDArray[np.float64]:
    """Jaccard similarity (P,) of pairs of rows."""
    sizes = np.diff(sets.indptr)
    out = np.empty(len(pairs))
    for part in chunks(len(pairs), CHUNK):
        left, right = pairs[part].T
        both = np.asarray(sets[left].multiply(sets[right]).sum(axis=1)).ravel()
        out[part] = both / np.maximum(sizes[left] + sizes[right] - both, 1)
    return out


def _by_appearance(groups: NDArray[np.int32]) -> Ints:
    """The same groups, numbered in the order in which they first appear."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[place].astype(np.int64)
