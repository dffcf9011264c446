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
from scipy.sparse import csr_array

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.texts import normal_form
from modicum.data.dedup.exact import exact_duplicates
from modicum.data.dedup.linking import band_neighbours, by_appearance, linked
from modicum.data.dedup.minhash import CHUNK, band_keys, letter_runs

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
    sets = letter_runs([normal_form(texts[row]) for row in first], LETTERS, across_words=True)
    full = np.flatnonzero(np.diff(sets.indptr))
    pairs = full[band_neighbours(band_keys(sets[full], seed))] if len(full) > 1 else np.empty((0, 2), dtype=np.int64)
    close = pairs[_jaccard(sets, pairs) >= threshold]
    return by_appearance(linked(close, len(first))[same])


def _jaccard(sets: csr_array, pairs: Ints) -> NDArray[np.float64]:
    """Jaccard similarity (P,) of pairs of rows."""
    sizes = np.diff(sets.indptr)
    out = np.empty(len(pairs))
    for part in chunks(len(pairs), CHUNK):
        left, right = pairs[part].T
        both = np.asarray(sets[left].multiply(sets[right]).sum(axis=1)).ravel()
        out[part] = both / np.maximum(sizes[left] + sizes[right] - both, 1)
    return out
