"""Exact index: which stored rows are nearest, without any approximation?

The question: where do the neighbours of a vector lie among the rows of a table? Queries are multiplied with the rows
block by block, and of each block only the scores above the least one kept so far are looked at; this is what a flat
index of a search library does, with nothing to build and nothing to install. Rows are used where they lie, in memory
or memory-mapped, or as 8-bit codes of a quarter of the size, whose error is told. Do not use it for single queries
among more than about half a million rows: every query reads every row.

Paper: "Billion-scale similarity search with GPUs" (Johnson et al. 2017), which describes flat search by blocked
products with k-selection. Changed: selection is by the least score kept, which asks of the processor nothing but
comparisons; metrics, filters and codes are one factor and one offset a row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.nearest import QUERIES, Best
from modicum.core.records import Vectors
from modicum.vectors.index.base import Found, Index, rescored, values_of
from modicum.vectors.index.rows import Ints, Mask, Rows, Single

CARD = Card(
    name="ExactIndex",
    room="vectors",
    question="index",
    summary="Exact neighbours by blocked matrix products, in float32 or int8, in memory or mapped from disk",
    paper="Billion-scale similarity search with GPUs",
    year=2017,
    needs=("vectors",),
    cost="O(Q N D) for Q queries, in blocks of a few MB beside the rows",
    tags=("search", "baseline", "training-free"),
)


def exact_neighbours(rows: Rows, queries: Single, k: int, mask: Mask, skip: Ints | None = None) -> Found:
    """Places and scores (Q, k) of the nearest rows, nearest first.

    Args:
        rows: Stored rows.
        queries: Vectors (Q, D), of length 1 for cosines.
        k: How many, at least 1.
        mask: Which stored rows may be found.
        skip: Place (Q,) of one row that each query passes over: itself, where it is among them.

    Returns:
        Places, -1 where there were fewer, and scores: cosines, products, or minus distances. Cost: O(Q N D).
    """
    best = Best(len(queries), k)
    for places, block in rows.blocks(mask):
        for part in chunks(len(queries), QUERIES):
            marks = block.marks(queries[part])
            if skip is not None:
                marks[skip[part, None] == places] = -np.inf
            best.offer(part, marks, places)
    found, marks = best.ranked()
    return rescored(rows, queries, found, k) if rows.metric == "euclidean" else (found, marks)


class ExactIndex(Index):
    """Exact nearest rows.

    Args:
        vectors: Vectors (N, D) of at least one row, kept by reference, or `Vectors` with their encoder.
        ids: Distinct integers (N,) from 0 on; default 0..N-1.
        metric: `cosine`, `dot` or `euclidean`.
        precision: `float32`, or `int8`: codes of a quarter of the size, no score off by more than `error`.
        encoder: Fingerprint of the encoder; queries and files of another are refused.

    Raises:
        InputError: A vector, an id or a setting cannot be taken.

    Attributes:
        rows: The stored rows.
        error: Most that a score can be off, for queries of length 1: the largest Euclidean length of what a row lost.

    Example:
        >>> import numpy as np
        >>> index = ExactIndex(np.eye(3), ids=[10, 20, 30])
        >>> index.search([[0.6, 0.8, 0.0]], k=2)[0]
        array([[20, 10]])
        >>> index.search([[0.6, 0.8, 0.0]], k=1, keep=lambda ids: ids > 20)[0]
        array([[30]])
    """

    kind = "exact"

    def __init__(
        self,
        vectors: ArrayLike | Vectors,
        *,
        ids: ArrayLike | None = None,
        metric: str = "cosine",
        precision: str = "float32",
        encoder: str = "",
    ) -> None:
        made = vectors.fingerprint if isinstance(vectors, Vectors) and not encoder else encoder
        super().__init__(Rows(values_of(vectors, made), ids, metric, precision), made)

    @property
    def error(self) -> float:
        """Most that a score can be off, for queries of length 1."""
        return self.rows.error

    def _find(self, queries: Single, k: int, mask: Mask) -> Found:
        return exact_neighbours(self.rows, queries, k, mask)
