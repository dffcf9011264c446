"""Copies of texts by all that texts alone can tell, and which row of a group of copies stays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.errors import InputError
from modicum.data.dedup.edited import edited_copies
from modicum.data.dedup.linking import joined
from modicum.data.dedup.near import near_duplicates

THRESHOLD = 0.95
"""Share of runs of four letters in common from which on texts of different words are copies."""


def text_copies(
    texts: Sequence[str], *, threshold: float = THRESHOLD, left: float = 0.7, seed: int = 0
) -> NDArray[np.int64]:
    """Group (N,) of each text: `edited_copies`, and `near_duplicates` with a high threshold, for long texts.

    Args:
        texts: N texts.
        threshold: Jaccard similarity of runs of four letters, 0 to 1.
        left: Share of the letters, 0 to 1, that must be left of a text whose end was cut off.
        seed: Of the hashes.

    Raises:
        InputError: A setting is not between 0 and 1.

    Example:
        >>> text_copies(["lost my card", "my card: lost", "freeze my card"]).tolist()
        [0, 0, 1]
    """
    near = near_duplicates(texts, threshold=threshold, seed=seed)
    return joined(near, edited_copies(texts, left=left, seed=seed))


def kept_rows(groups: ArrayLike, rank: ArrayLike | None = None) -> NDArray[np.int64]:
    """The row (N,) that stays for each row: of its group the one of the highest rank, of equal ones the first.

    A row stays if it stands for itself. Nothing is left to chance, nor to the order in which groups were found.

    Args:
        groups: Group of each row (N,), as any function of this question tells it.
        rank: What makes a row worth keeping (N,), such as its length, or 1 where it has a label; default none.

    Raises:
        InputError: There is not one rank for each row.

    Example:
        >>> kept_rows([0, 0, 1, 0]).tolist(), kept_rows([0, 0, 1, 0], rank=[3, 9, 1, 9]).tolist()
        ([0, 0, 2, 0], [1, 1, 2, 1])
    """
    found = np.asarray(groups, dtype=np.int64)
    worth = np.zeros(len(found)) if rank is None else np.asarray(rank, dtype=np.float64)
    if worth.shape != found.shape:
        raise InputError(f"ranks of shape {worth.shape} for {len(found)} rows; give one per row")
    order = np.lexsort((np.arange(len(found)), -worth, found))
    _, first, place = np.unique(found[order], return_index=True, return_inverse=True)
    out = np.empty(len(found), dtype=np.int64)
    out[order] = order[first[place]]
    return out
