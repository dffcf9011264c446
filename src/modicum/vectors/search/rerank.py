"""A cascade that ranks again: cheap scores choose what the costly scorer is shown.

The question: how is a scorer used that is too costly for every part of every row? A first list names candidates; of
each candidate's parts, such as the passages of a long text, a cheap scorer chooses a fixed number; the costly one sees
these alone, and the best of them is the candidate's score. What it costs depends neither on the number of rows nor on
their lengths. Do not use it where rows are as short as a passage: the costly scorer has seen all of them already.

Paper: "Intra-Document Cascading: Learning to Select Passages for Neural Document Ranking" (Hofstätter et al. 2021).
Changed: both scorers are given, where the paper distils the cheap one from the costly one; the best part stands for
the row, where the paper learns a weighted sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.vectors.search.ranked import ranked

CARD = Card(
    name="rerank",
    room="vectors",
    question="search",
    summary="Rank candidates again by their best parts, which a cheap scorer chooses for a costly one",
    paper="Intra-Document Cascading: Learning to Select Passages for Neural Document Ranking",
    year=2021,
    needs=("vectors",),
    cost="O(N + P log P) for the P parts of the candidates, P cheap scores, candidates x parts costly ones",
    tags=("cascade", "passages"),
    ids=("001-120",),
)

Ints = NDArray[np.int64]
Scorer = Callable[[Ints], NDArray[np.floating]]
"""Scores (M,) of parts, given by their numbers (M,); higher is better."""


@dataclass(frozen=True, eq=False)
class Reranked:
    """Candidates, best first."""

    rows: Ints
    """Row numbers (C,)."""
    scores: NDArray[np.float64]
    """Costly score (C,) of the best part; minus infinity for a row without parts, which comes last."""
    parts: Ints
    """Number (C,) of that part; -1 for a row without parts."""


def rerank(
    first: NDArray[np.floating],
    offsets: Ints,
    cheap: Scorer,
    costly: Scorer,
    *,
    candidates: int = 50,
    parts: int = 2,
) -> Reranked:
    """Rank the best rows of a list again.

    Args:
        first: Scores (N,) of the rows, higher is better; minus infinity for those that are no candidates.
        offsets: The parts of row n are numbered `offsets[n]` to `offsets[n + 1] - 1`; (N + 1,), ascending.
        cheap: Scores all parts of the candidates.
        costly: Scores those that are left.
        candidates: Rows that are ranked again, at least 1.
        parts: Parts of each row that the costly scorer sees, at least 1.

    Raises:
        InputError: A number is under 1, or there are offsets for another number of rows.

    Example:
        >>> import numpy as np
        >>> cheap, costly = np.array([0.1, 0.9, 0.5]), np.array([9.0, 0.2, 0.7])
        >>> found = rerank(np.array([1.0, 0.8]), np.array([0, 2, 3]), lambda n: cheap[n], lambda n: costly[n], parts=1)
        >>> found.rows.tolist(), found.parts.tolist()
        ([1, 0], [2, 1])
    """
    if candidates < 1 or parts < 1:
        raise InputError(f"candidates and parts must be at least 1, not {candidates} and {parts}")
    if len(offsets) != len(first) + 1:
        raise InputError(f"{len(offsets)} offsets of parts for {len(first)} rows; give one more than rows")
    rows = ranked(first, candidates)
    owner, numbers = _parts_of(rows, offsets)
    order = np.lexsort((numbers, -np.asarray(cheap(numbers)), owner))
    starts = np.searchsorted(owner[order], np.arange(len(rows)))
    shown = np.sort(order[np.arange(len(order)) - starts[owner[order]] < parts])
    told = np.asarray(costly(numbers[shown]), dtype=np.float64)
    best, place = np.full(len(rows), -np.inf), np.full(len(rows), -1)
    # From the worst to the best, so that the best of each row is what stays.
    upwards = np.argsort(told, kind="stable")
    best[owner[shown[upwards]]] = told[upwards]
    place[owner[shown[upwards]]] = numbers[shown[upwards]]
    down = np.argsort(-best, kind="stable")
    return Reranked(rows[down], best[down], place[down])


def _parts_of(rows: Ints, offsets: Ints) -> tuple[Ints, Ints]:
    """For all parts of some rows: the place (P,) of its row among them, and its number (P,)."""
    counts = np.diff(offsets)[rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owner, offsets[rows][owner] + within
