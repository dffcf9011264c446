"""Shortcuts: single words that all but decide the class.

The question: does a model learn the task, or a trace of how the table was made, a signature, a tag, a template? For
each word, the share of its most frequent class among the rows that hold it is compared with the class's share in all
rows; words for which chance does not explain it, after allowing for the number of words tried, and which mark a good
part of their class are named. Whether such a word is a shortcut or simply what the class is about is for a reader to
say. Do not expect shortcuts made of several words, of length or of layout, nor with a handful of rows a class.

Paper: "Competency Problems: On Finding and Removing Artifacts in Language Data" (Gardner et al. 2021): every single
feature that says much of the label is suspect. Changed: the class's own share stands for a uniform prior, the exact
binomial test for its normal approximation, and rare words are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom
from sklearn.feature_extraction.text import CountVectorizer

from modicum.core.arrays import one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_share

CARD = Card(
    name="shortcuts",
    room="data",
    question="leaks",
    summary="Words that all but decide the class: artefacts of a table, or what a class is about",
    paper="Competency Problems: On Finding and Removing Artifacts in Language Data",
    year=2021,
    needs=("texts", "labels"),
    cost="O(total length + W K) for W distinct words",
    tags=("artefacts", "leakage"),
)

ERROR = 0.01
"""Chance, over all words together, that one is named without cause."""


@dataclass(frozen=True, eq=False)
class Shortcuts:
    """Words, those that mark most rows first."""

    words: tuple[str, ...]
    codes: NDArray[np.int64]
    """The class each word stands for."""
    rows: NDArray[np.int64]
    """Labelled rows that hold the word."""
    shares: NDArray[np.float64]
    """Share of these rows that are of the class, 0 to 1."""


def shortcuts(
    texts: Sequence[str], codes: NDArray[np.int64], classes: int, *, share: float = 0.95, part: float = 0.5
) -> Shortcuts:
    """Find words that all but decide the class.

    Args:
        texts: Labelled texts (N,).
        codes: Their classes (N,), in 0..classes-1.
        classes: Number of classes K.
        share: Least share of the rows with the word that are of its class, 0 to 1.
        part: Least part of the class's rows that hold the word, 0 to 1.

    Raises:
        InputError: Classes and texts do not belong together, or a share is not between 0 and 1.

    Example:
        >>> texts = [f"item {n} sent by phone" for n in range(20)] + [f"item {n} is late" for n in range(20)]
        >>> shortcuts(texts, np.repeat([0, 1], 20), 2).words
        ('by', 'is', 'late', 'phone', 'sent')
    """
    codes = check_codes(codes, classes=classes, rows=len(texts))
    check_share(share, "share")
    check_share(part, "part")
    counter = CountVectorizer(binary=True, token_pattern=r"(?u)\b\w\w+\b", dtype=np.int64)
    try:
        held = counter.fit_transform(texts)
    except ValueError:  # raised where no text holds a word
        return Shortcuts((), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    together = held.T @ one_hot(codes, classes)
    rows, best = np.asarray(held.sum(axis=0)).ravel(), together.argmax(axis=1)
    hits = together.max(axis=1)
    sizes = np.bincount(codes, minlength=classes)
    chance = binom.sf(hits - 1, rows, sizes[best] / len(codes)) * len(rows)
    found = np.flatnonzero((hits >= share * rows) & (hits >= part * sizes[best]) & (chance < ERROR))
    words = counter.get_feature_names_out()
    order = found[np.lexsort((words[found], -rows[found]))]
    return Shortcuts(tuple(map(str, words[order])), best[order], rows[order], hits[order] / rows[order])
