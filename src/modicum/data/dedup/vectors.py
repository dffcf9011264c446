"""Semantic duplicates: rows whose vectors all but coincide.

The question: which rows say the same in other words? Rows whose cosine reaches a threshold are linked, and whatever is
linked, directly or through others, is one group. All pairs are compared, block by block, so nothing is missed. Do not
expect it to find what is copied and spoilt: a typo or a cut-off end moves the vector of a short text further than a
paraphrase does (on banking77, a cosine of 0.95 finds few of planted typos, and thousands of pairs that people wrote
apart): that is for `edited_copies`. Linked paraphrases can chain into large groups: raise the threshold then.

Paper: "SemDeDup: Data-efficient learning at web-scale through semantic deduplication" (Abbas et al. 2023). Changed:
all pairs instead of those within k-means clusters, which is exact and affordable to some hundred thousand rows; which
row of a group stays is left to `kept_rows`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_vectors
from modicum.core.nearest import largest_products
from modicum.data.dedup.linking import heads, linked

CARD = Card(
    name="vector_duplicates",
    room="data",
    question="dedup",
    summary="Groups of rows whose vectors have a cosine above a threshold",
    paper="SemDeDup: Data-efficient learning at web-scale through semantic deduplication",
    year=2023,
    needs=("vectors",),
    cost="O(N^2 D), in blocks of 16 million cosines",
    tags=("duplicates", "leakage", "paraphrases"),
)

CELLS = 1 << 24
"""Cosines that are held at a time."""


def vector_duplicates(X: NDArray[np.floating], *, threshold: float = 0.95) -> NDArray[np.int64]:
    """Group (N,) of each row, numbered by first appearance.

    Args:
        X: Vectors (N, D); a row of zeros says nothing and is nobody's duplicate.
        threshold: Least cosine, 0 to 1, of duplicates.

    Raises:
        InputError: The vectors are not usable, or the threshold is not between 0 and 1.

    Example:
        >>> vector_duplicates(np.array([[1.0, 0.0], [0.0, 1.0], [5.0, 0.1]])).tolist()
        [0, 1, 0]
    """
    check_fraction(threshold, "threshold")
    unit = normalize_rows(check_vectors(X)).astype(np.float32)
    groups = np.arange(len(unit))
    for part in chunks(len(unit), max(CELLS // max(len(unit), 1), 1)):
        # Earlier rows met these in their own block.
        left, right = np.nonzero(unit[part] @ unit[part.start :].T >= threshold)
        pairs = np.stack([left, right], axis=1) + part.start
        known = np.stack([heads(groups), np.arange(len(unit))], axis=1)
        groups = linked(np.concatenate([known, pairs]), len(unit))
    return groups


def nearest_stored(
    X: NDArray[np.floating], stored: NDArray[np.floating], *, threshold: float = 0.95
) -> NDArray[np.int64]:
    """Row number (N,) of the stored vector (M, D) most like each row of X (N, D); -1 where none reaches the threshold.

    Raises:
        InputError: The vectors are not usable or of two widths, or the threshold is not between 0 and 1.

    Example:
        >>> nearest_stored(np.array([[2.0, 0.1], [1.0, 1.0]]), np.eye(2)).tolist()
        [0, -1]
    """
    check_fraction(threshold, "threshold")
    known = normalize_rows(check_vectors(stored)).astype(np.float32)
    unit = normalize_rows(check_vectors(X, width=known.shape[1])).astype(np.float32)
    out = np.full(len(unit), -1, dtype=np.int64)
    if len(known):
        numbers, cosines = largest_products(unit, known, 1)
        close = cosines[:, 0] >= threshold
        out[close] = numbers[close, 0]
    return out
