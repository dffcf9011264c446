"""Binary index: can a bit a coordinate tell which rows are worth reading?

The question: how are neighbours found where the vectors do not fit into memory? Each coordinate becomes one bit, set
where it lies above its mean, so that a row takes a thirty-second of its size; queries are compared with the bits in
memory, and only the best few rows are read, from disk where they lie there, and compared in full. Queries stay numbers:
their sum over set bits ranks rows much better than counting equal bits does. Do not use it where the vectors fit into
memory, for reading bits takes the processor as long as exact search; nor for the metric dot on vectors of very unequal
length.

Papers: "Vector representations of text data in deep learning" (Grzegorczyk 2019), whose binary codes find documents
that real vectors then re-rank; asymmetric distances are those of "Asymmetric Distances for Binary Embeddings" (Gordo et
al. 2014). Changed: codes are bits of vectors that are there, not learnt with them; rotations learnt on the rows
(iterative quantization) were tried and left out, as they gained 1 to 2 points on two tables and lost 1 to 2 on a third.
On questions and phrases (banking77, trec, mpqa; 384 bits) 40 candidates hold 97% to 99.6% of the true 10 nearest, 20
hold 89% to 97%; equal bits alone give 91% to 99% and 81% to 94%.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.nearest import BLOCK, QUERIES, Best
from modicum.core.records import Vectors
from modicum.vectors.index.base import Found, Index, rescored, values_of
from modicum.vectors.index.files import Stored
from modicum.vectors.index.rows import CHUNK, Mask, Rows, Single

CARD = Card(
    name="BinaryIndex",
    room="vectors",
    question="index",
    summary="Candidates by one bit a coordinate, compared again with vectors that stay on disk",
    paper="Vector representations of text data in deep learning",
    year=2019,
    needs=("vectors",),
    cost="O(Q N D) for Q queries; D / 8 bytes a row in memory where the vectors are memory-mapped",
    tags=("search", "compression", "training-free"),
    ids=("002-070",),
)

CENTRE, CODES = "centre.npy", "codes.npy"

Bytes = NDArray[np.uint8]


def binary_codes(X: ArrayLike, centre: ArrayLike) -> Bytes:
    """One bit for each coordinate above its centre: (N, D / 8 rounded up) bytes.

    Args:
        X: Vectors (N, D).
        centre: What each coordinate is compared with (D,).

    Example:
        >>> import numpy as np
        >>> binary_codes([[0.5, -1.0, 2.0]], np.zeros(3)).tolist()
        [[160]]
    """
    return np.packbits(np.asarray(X) > np.asarray(centre), axis=1)


def bit_scores(queries: Single, codes: Bytes) -> Single:
    """Sum (Q, N) of a query's coordinates whose bit is set: higher is nearer, in the order of one query alone.

    Args:
        queries: Vectors (Q, D), less the centre of the codes.
        codes: As `binary_codes` makes them (N, D / 8 rounded up).

    Example:
        >>> import numpy as np
        >>> codes = binary_codes([[1.0, 1.0], [-1.0, 1.0]], np.zeros(2))
        >>> bit_scores(np.array([[3.0, -1.0]], dtype=np.float32), codes).tolist()
        [[2.0, -1.0]]
    """
    return np.asarray(queries @ np.unpackbits(codes, axis=1, count=queries.shape[1]).astype(np.float32).T)


class BinaryIndex(Index):
    """Nearest rows among candidates chosen by bits.

    Args:
        vectors: Vectors (N, D) of at least one row, kept by reference, or `Vectors` with their encoder.
        ids: Distinct integers (N,) from 0 on; default 0..N-1.
        metric: `cosine`, `dot` or `euclidean`.
        encoder: Fingerprint of the encoder; queries and files of another are refused.
        candidates: Rows that are compared in full, for each neighbour asked for; at least 1.

    Raises:
        InputError: A vector, an id or a setting cannot be taken.

    Attributes:
        rows: The stored rows.
        codes: Bits of the stored rows (N, D / 8 rounded up).
        centre: Mean (D,) of the rows that it was built from.

    Example:
        >>> import numpy as np
        >>> BinaryIndex(np.eye(3), ids=[10, 20, 30]).search([[0.6, 0.8, 0.0]], k=2)[0]
        array([[20, 10]])
    """

    kind = "binary"

    def __init__(
        self,
        vectors: ArrayLike | Vectors,
        *,
        ids: ArrayLike | None = None,
        metric: str = "cosine",
        encoder: str = "",
        candidates: int = 4,
    ) -> None:
        if candidates < 1:
            raise InputError(f"candidates must be at least 1 for each neighbour, not {candidates}")
        self.candidates = candidates
        made = vectors.fingerprint if isinstance(vectors, Vectors) and not encoder else encoder
        super().__init__(Rows(values_of(vectors, made), ids, metric), made)
        total = sum(self._part(part).sum(axis=0, dtype=np.float64) for part in chunks(len(self), CHUNK))
        self.centre = np.asarray(total / len(self), dtype=np.float32)
        self.codes = self._encoded(0, len(self))

    def _part(self, part: slice) -> Single:
        return self.rows.take(np.arange(part.start, part.stop))

    def _encoded(self, start: int, stop: int) -> Bytes:
        out = np.empty((stop - start, -(-self.width // 8)), dtype=np.uint8)
        for part in chunks(stop - start, CHUNK):
            out[part] = binary_codes(self._part(slice(start + part.start, start + part.stop)), self.centre)
        return out

    def _find(self, queries: Single, k: int, mask: Mask) -> Found:
        there = np.flatnonzero(mask)
        best = Best(len(queries), min(k * self.candidates, len(there)))
        for block in chunks(len(there), BLOCK):
            places = there[block]
            for part in chunks(len(queries), QUERIES):
                best.offer(part, bit_scores(queries[part] - self.centre, self.codes[places]), places)
        return rescored(self.rows, queries, best.ranked()[0], k)

    def _added(self, places: slice) -> None:
        self.codes = np.concatenate([self.codes, self._encoded(places.start, places.stop)])

    def _settings(self) -> dict[str, Any]:
        return {"candidates": self.candidates}

    def _write(self, folder: Path) -> None:
        np.save(folder / CENTRE, self.centre)
        np.save(folder / CODES, self.codes[self.rows.kept])

    def _restore(self, stored: Stored) -> None:
        self.candidates = int(stored.settings["candidates"])
        self.centre = np.load(stored.folder / CENTRE, allow_pickle=False)
        self.codes = np.load(stored.folder / CODES, allow_pickle=False)
