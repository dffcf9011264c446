"""Exact duplicates: rows whose texts differ in nothing that a reader would notice.

The question: which rows say the same, and do their labels agree? Texts are compared after Unicode normalisation,
case folding and collapsing of blanks; equal ones form a group. Groups keep copies on one side of every split, and a
group with two labels is a conflict to look at. Do not expect typos to be found (`near_duplicates`) or paraphrases.

Source: the first step of every de-duplication pipeline, for instance "Deduplicating Training Data Makes Language
Models Better" (Lee et al. 2022). Changed: nothing beyond the normal form named above.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.texts import normal_form

CARD = Card(
    name="exact_duplicates",
    room="data",
    question="dedup",
    summary="Groups of rows whose texts are equal but for case, blanks and Unicode form",
    paper="Deduplicating Training Data Makes Language Models Better",
    year=2022,
    needs=("texts",),
    cost="O(total length of the texts)",
    tags=("duplicates", "leakage"),
)


def exact_duplicates(texts: Sequence[str]) -> NDArray[np.int64]:
    """Group (N,) of each text, numbered by first appearance; texts alone in their group have no duplicate.

    Empty texts are not duplicates of one another: they say nothing.

    Example:
        >>> exact_duplicates(["Card lost", "card  LOST", "hello"]).tolist()
        [0, 0, 1]
    """
    seen: dict[str, int] = {}
    out = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        out[row] = seen.setdefault(normal_form(text) or f"\0{row}", len(seen))
    return out


def conflicts(groups: NDArray[np.int64], labels: Sequence[str | None]) -> NDArray[np.int64]:
    """Row numbers, ascending, of labelled rows whose group (N,) holds another label as well.

    Example:
        >>> import numpy as np
        >>> conflicts(np.array([0, 0, 1, 0]), ["a", "b", "a", None]).tolist()
        [0, 1]
    """
    rows = np.array([row for row, label in enumerate(labels) if label is not None], dtype=np.int64)
    if len(rows) == 0:
        return rows
    codes = np.unique([str(labels[row]) for row in rows], return_inverse=True)[1]
    pairs = np.unique(np.stack([groups[rows], codes]), axis=1)
    found, counts = np.unique(pairs[0], return_counts=True)
    return rows[np.isin(groups[rows], found[counts > 1])]
