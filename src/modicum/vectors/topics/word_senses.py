"""Senses of a word, and how their shares change: what does it mean here, and since when?

The question: one word, several meanings; which are they in these texts, and does one take over? Each occurrence of the
word is a vector of its context (of its token, or of the words around it); occurrences are grouped as topics are, and
the shares of the groups are followed over time, with the divergence of each period from the one before. Do not use it
with vectors of whole documents, which tell what a text is about and not what the word means in it, or for under a
hundred occurrences; a sense is a group of like contexts, and two groups may be one meaning in two surroundings.

Paper: "Meaning at the Planck scale? Contextualized word embeddings for doing history, philosophy, and sociology of
science" (Simons 2024). Changed: the number of senses is found (`topic_count`); the paper's indicator of purity needs
labelled occurrences and its formula is not taken over: judge groups by `evaluation` or `topic_stability`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_values, check_vectors
from modicum.core.errors import InputError
from modicum.vectors.topics.leaves import nearest
from modicum.vectors.topics.over_time import OverTime, topics_over_time
from modicum.vectors.topics.topics import find_topics

CARD = Card(
    name="word_senses",
    room="vectors",
    question="topics",
    summary="Senses of one word from the vectors of its occurrences, and their shares over time",
    paper="Meaning at the Planck scale? Contextualized word embeddings for doing history, philosophy, and sociology of "
    "science",
    year=2024,
    needs=("vectors",),
    cost="O(N K D + n^2 D) for K senses and halves of n occurrences, at most 2,000",
    tags=("senses", "time", "clustering"),
    ids=("000-007",),
)


@dataclass(frozen=True, eq=False)
class WordSenses:
    """Senses of one word."""

    codes: NDArray[np.int64]
    """Sense of each occurrence (N,), 0..K-1, the most frequent first."""
    centres: NDArray[np.floating]
    """Centres (K, D) of length 1."""
    over_time: OverTime
    """Shares by period with their trends."""
    drift: NDArray[np.float64]
    """Jensen-Shannon divergence of each period's shares from those of the period before (T - 1,), in bits: 0 alike, 1
    nothing in common; NaN beside a period without occurrences."""


def word_senses(
    X: NDArray[np.floating],
    times: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    count: int | None = None,
    periods: int = 12,
) -> WordSenses:
    """Group the occurrences of a word and follow the groups.

    Args:
        X: Vectors (N, D) of its occurrences, none of them zeros; only the directions count.
        times: When each was written (N,), in any unit.
        rng: Draws halves, and rows of many.
        count: Number of senses; None has it found.
        periods: Periods of equal length, at least 1.

    Raises:
        InputError: The arrays do not belong together, hold a row of zeros, or are empty; or more senses are asked for
            than there are occurrences.

    Example:
        >>> import numpy as np
        >>> found = word_senses(np.eye(2)[[0, 0, 1, 1]], np.arange(4.0), np.random.default_rng(0), count=2, periods=2)
        >>> found.codes.tolist(), found.drift.tolist()
        ([0, 0, 1, 1], [1.0])
    """
    rows = check_vectors(X, what="vectors of occurrences")
    when = check_values(times, rows=len(rows), what="times")
    if len(rows) == 0 or not rows.any(axis=1).all():
        raise InputError("a word without an occurrence, or an occurrence with a vector of zeros, has no sense")
    unit = normalize_rows(rows)
    centres, _ = find_topics(unit, rng, count=count)
    codes = nearest(unit, centres)
    followed = topics_over_time(codes, when, len(centres), periods=periods)
    return WordSenses(codes, centres, followed, _drift(followed))


def _drift(followed: OverTime) -> NDArray[np.float64]:
    """Jensen-Shannon divergence, in bits, between neighbouring periods."""
    shares = np.where(followed.counts.sum(axis=0) > 0, followed.shares, np.nan)
    before, after = shares[:, :-1], shares[:, 1:]
    return np.asarray(_entropy((before + after) / 2) - (_entropy(before) + _entropy(after)) / 2)


def _entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy in bits of each column."""
    return np.asarray(-(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=0))
