"""Exemplars: a few labelled rows kept with the model, from which a later class is told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

PER_CLASS = 8
"""Rows of a class that are kept at most."""
MOST = 4_000
"""Rows that are kept at most, but one of each class at least."""


@dataclass(frozen=True, eq=False)
class Exemplars:
    """Vectors of labelled rows, in the encoder's space, with their classes."""

    vectors: NDArray[np.floating]
    """Vectors (n, D)."""
    codes: NDArray[np.int64]
    """Their classes (n,)."""

    def only(self, keep: NDArray[np.int64]) -> Self:
        """The rows of the classes `keep`, which are numbered anew in that order."""
        place = np.full(max(int(self.codes.max(initial=-1)), int(keep.max())) + 1, -1)
        place[keep] = np.arange(len(keep))
        codes = place[self.codes]
        return type(self)(self.vectors[codes >= 0], codes[codes >= 0])

    def joined(self, vectors: NDArray[np.floating], code: int) -> Self:
        """The rows and the first ones of a new class."""
        more = vectors[:PER_CLASS].astype(self.vectors.dtype)
        return type(self)(np.append(self.vectors, more, axis=0), np.append(self.codes, np.full(len(more), code)))


def keep_exemplars(X: NDArray[np.floating], codes: NDArray[np.int64], rng: np.random.Generator) -> Exemplars | None:
    """At most `PER_CLASS` rows of each class, drawn at random from vectors (n, D); None where there is no row."""
    if len(codes) == 0:
        return None
    drawn = rng.permutation(len(codes))
    drawn = drawn[np.argsort(codes[drawn], kind="stable")]
    ordered = codes[drawn]
    rank = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
    most = min(PER_CLASS, max(1, MOST // len(np.unique(codes))))
    rows = np.sort(drawn[rank < most])
    return Exemplars(np.asarray(X[rows], dtype=np.float32), codes[rows])
