"""faiss's inverted lists of 4-bit product codes. The only module that imports faiss; it is imported by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import faiss
import numpy as np

from modicum.vectors.index.rows import Ints, Mask, Single

BITS = 4
"""Of a code: the 16 distances of a sub-space to its centres then stand in a register of the processor."""
SUBSPACE, FEWEST = 4, 64
"""Coordinates that share a code, and codes of a row under which fewer do."""
TURNS = 10


class Lists:
    """Rows by the centre nearest to them, each as its number and a code of half a byte for 4 coordinates or fewer."""

    def __init__(self, index: faiss.IndexIVFPQFastScan) -> None:
        self._index = index

    def __len__(self) -> int:
        """Return the number of rows in all lists."""
        return int(self._index.ntotal)

    @classmethod
    def learn(cls, sample: Single, lists: int, metric: str, seed: int) -> Self:
        """Centres and codes by k-means from vectors (M, D), M at least the number of lists and 16; the lists empty."""
        width = sample.shape[1]
        kind = faiss.METRIC_L2 if metric == "euclidean" else faiss.METRIC_INNER_PRODUCT
        index = faiss.index_factory(width, f"IVF{lists},PQ{codes(width)}x{BITS}fs", kind)
        index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = TURNS, seed, 1
        index.pq.cp.seed, index.pq.cp.min_points_per_centroid = seed, 1
        index.train(sample)
        return cls(index)

    @property
    def number(self) -> int:
        """How many lists there are."""
        return int(self._index.nlist)

    def mean_size(self) -> float:
        """Rows of a list that a query looks into, where it falls as rows do."""
        sizes = np.array([self._index.invlists.list_size(number) for number in range(self.number)], dtype=np.float64)
        return float((sizes**2).sum() / max(1, sizes.sum()))

    def add(self, parts: Iterator[tuple[Ints, Single]]) -> None:
        """Put rows into their lists: numbers (M,) from 0 on and vectors (M, D)."""
        for numbers, vectors in parts:
            self._index.add_with_ids(vectors, numbers)

    def refill(self, parts: Iterator[tuple[Ints, Single]]) -> None:
        """Put these rows into the lists in place of all others.

        faiss can take single rows out, too, but rows that are added afterwards are then given wrong codes (1.15).
        """
        self._index.reset()
        self.add(parts)

    def candidates(self, queries: Single, count: int, probes: int, allowed: Mask | None = None) -> Ints:
        """Numbers (Q, count) of the rows whose codes are nearest, nearest first; -1 where there are fewer.

        Args:
            queries: Vectors (Q, D).
            count: How many.
            probes: Lists that are looked at.
            allowed: Which numbers may be found; default all.
        """
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        chosen = None if bits is None else faiss.IDSelectorBitmap(bits)
        found = faiss.SearchParametersIVF(nprobe=min(probes, self.number), sel=chosen)
        return np.asarray(self._index.search(queries, count, params=found)[1], dtype=np.int64)

    def write(self, file: Path) -> None:
        """Write them as faiss does."""
        faiss.write_index(self._index, str(file))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `write` wrote."""
        return cls(faiss.read_index(str(file)))


def codes(width: int) -> int:
    """Number of sub-spaces of equal width: of 4 coordinates, of fewer where the vectors are short.

    Example:
        >>> codes(384), codes(100), codes(7)
        (96, 100, 7)
    """
    least = max(-(-width // SUBSPACE), min(width, FEWEST))
    return next(parts for parts in range(least, width + 1) if width % parts == 0)
