"""The rows of an index: vectors by reference or as 8-bit codes, their ids, and what comparing with them needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import Floats, chunks
from modicum.core.checks import check_choice, check_vectors
from modicum.core.errors import InputError
from modicum.core.nearest import BLOCK

METRICS = ("cosine", "dot", "euclidean")
PRECISIONS = ("float32", "int8")
CHUNK = 16_384
"""Rows that are converted together; smaller additions are gathered in memory up to as many."""
LEVELS = 127
UNIT = 1e-6
"""Lengths that differ from 1 by no more are taken for 1."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Single = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows that were added together: `gain * values` is what queries are compared with."""

    values: NDArray[Any]
    """Vectors as they were given (N, D), perhaps memory-mapped, or their codes as int8."""
    gain: Single | None
    """Factor of each row (N,): 1 / length for cosines, the step of a code; None where it is 1."""
    half_square: Single | None
    """Half the squared length (N,) of what is compared with; for Euclidean distances alone."""

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def take(self, at: Ints | slice) -> Single:
        """Rows as they are compared with (M, D)."""
        values = np.asarray(self.values[at], dtype=np.float32)
        return values if self.gain is None else values * self.gain[at, None]

    def part(self, at: Ints | slice) -> Segment:
        """Some of the rows."""
        gain = None if self.gain is None else self.gain[at]
        return Segment(self.values[at], gain, None if self.half_square is None else self.half_square[at])

    def marks(self, queries: Single) -> Single:
        """What nearness is ranked by (Q, N): products, for Euclidean distances less half the squared length."""
        found = queries @ np.asarray(self.values, dtype=np.float32).T
        if self.gain is not None:
            found *= self.gain
        if self.half_square is not None:
            found -= self.half_square
        return found


def make_segment(vectors: ArrayLike, metric: str, precision: str, width: int | None = None) -> tuple[Segment, float]:
    """A segment of vectors (N, D), which are not copied in float32, and the largest length of a code's error.

    Raises:
        InputError: Vectors are not finite, of another width, or, for cosines, all zeros.
    """
    X = check_vectors(vectors, width=width)
    lengths = np.empty(len(X), dtype=np.float32)
    for part in chunks(len(X), CHUNK):
        rows = np.asarray(X[part], dtype=np.float32)
        lengths[part] = np.sqrt(np.einsum("nd,nd->n", rows, rows))  # the norm of numpy would copy them
    if metric == "cosine":
        check_directions(lengths)
    if precision == "int8":
        return _quantized(X, lengths, metric)
    gain = None
    if metric == "cosine" and (np.abs(lengths - 1) > UNIT).any():
        gain = np.float32(1) / lengths
    return Segment(X, gain, lengths**2 / np.float32(2) if metric == "euclidean" else None), 0.0


def check_directions(lengths: Floats, what: str = "vectors") -> None:
    """Refuse rows of zeros, which have no cosine.

    Raises:
        InputError: A length is 0.
    """
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        raise InputError(
            f"{what}: row {int(empty[0])} is all zeros ({len(empty)} such rows) and has no direction; leave it out, or "
            "choose the metric dot or euclidean"
        )


def _quantized(X: Floats, lengths: Single, metric: str) -> tuple[Segment, float]:
    """Codes in -127..127, one step a row, and the largest Euclidean length of what they leave out."""
    codes = np.empty(X.shape, dtype=np.int8)
    step, square = np.empty(len(X), dtype=np.float32), np.empty(len(X), dtype=np.float32)
    error = 0.0
    for part in chunks(len(X), CHUNK):
        rows = np.asarray(X[part], dtype=np.float32)
        if metric == "cosine":
            rows = rows / lengths[part, None]
        largest = np.abs(rows).max(axis=1, initial=0)
        step[part] = np.where(largest > 0, largest, 1) / LEVELS
        codes[part] = np.rint(rows / step[part, None])
        told = codes[part] * step[part, None]
        square[part] = np.einsum("nd,nd->n", told, told)
        error = max(error, float(np.linalg.norm(rows - told, axis=1).max(initial=0)))
    return Segment(codes, step, square / np.float32(2) if metric == "euclidean" else None), error


class Rows:
    """Stored rows in the order they were added; `kept` says which were not removed.

    Args:
        vectors: Vectors (N, D) of at least one row; kept by reference in float32, so they are not to be written to.
        ids: Distinct integers (N,); default 0..N-1.
        metric: `cosine`, `dot` or `euclidean`.
        precision: `float32`, or `int8` for a quarter of the memory.

    Raises:
        InputError: A vector or an id cannot be taken, there is no row, or a setting is not known.
    """

    def __init__(
        self, vectors: ArrayLike, ids: ArrayLike | None = None, metric: str = "cosine", precision: str = "float32"
    ) -> None:
        self.metric = check_choice(metric, METRICS, "metric")
        self.precision = check_choice(precision, PRECISIONS, "precision")
        segment, self.error = make_segment(vectors, metric, precision)
        if len(segment) == 0:
            raise InputError("an index needs at least one row; give vectors of shape (rows, width)")
        self.segments = [segment]
        self.width = int(segment.values.shape[1])
        self.ids = np.empty(0, dtype=np.int64)
        self.ids = self._new_ids(ids, len(segment))
        self.kept = np.ones(len(segment), dtype=bool)

    @classmethod
    def restored(cls, segment: Segment, ids: Ints, metric: str, precision: str, error: float) -> Self:
        """Rows as they were written."""
        rows = cls.__new__(cls)
        rows.metric, rows.precision, rows.error = metric, precision, error
        rows.segments, rows.width, rows.ids = [segment], int(segment.values.shape[1]), ids
        rows.kept = np.ones(len(ids), dtype=bool)
        return rows

    def __len__(self) -> int:
        """Return the number of rows that were not removed."""
        return int(self.kept.sum())

    def add(self, vectors: ArrayLike, ids: ArrayLike | None = None) -> slice:
        """Store more rows (N, D) and return their places.

        Raises:
            InputError: A vector or an id cannot be taken; nothing is stored then.
        """
        segment, error = make_segment(vectors, self.metric, self.precision, self.width)
        fresh = self._new_ids(ids, len(segment))
        last = self.segments[-1]
        if len(last) + len(segment) <= CHUNK:
            self.segments[-1] = _joined(last, segment)
        elif len(segment):
            self.segments.append(segment)
        self.error = max(self.error, error)
        start = len(self.ids)
        self.ids = np.append(self.ids, fresh)
        self.kept = np.append(self.kept, np.ones(len(fresh), dtype=bool))
        return slice(start, len(self.ids))

    def places(self, ids: ArrayLike) -> Ints:
        """Places of ids that are there.

        Raises:
            InputError: One is not.
        """
        asked = check_ids(ids)
        there = np.flatnonzero(self.kept)
        order = there[np.argsort(self.ids[there])]
        known = self.ids[order]
        at = np.minimum(np.searchsorted(known, asked), len(known) - 1) if len(known) else np.zeros_like(asked)
        missing = asked[known[at] != asked] if len(known) else asked
        if len(missing):
            raise InputError(f"id {int(missing[0])} is not in the index ({len(missing)} such ids); nothing was changed")
        return order[at]

    def _new_ids(self, ids: ArrayLike | None, rows: int) -> Ints:
        if ids is None:
            first = int(self.ids.max()) + 1 if len(self.ids) else 0
            return np.arange(first, first + rows)
        fresh = check_ids(ids)
        if len(fresh) != rows:
            raise InputError(f"{len(fresh)} ids for {rows} vectors; give one per row")
        known = self.ids[self.kept] if len(self.ids) else self.ids
        seen, times = np.unique(np.concatenate([np.intersect1d(known, fresh), fresh]), return_counts=True)
        if (times > 1).any():
            raise InputError(f"id {int(seen[times > 1][0])} is given twice or there already; remove it first")
        return fresh

    def blocks(self, mask: Mask, size: int = BLOCK) -> Iterator[tuple[Ints, Segment]]:
        """Places and rows of those under a mask (all stored rows,), in blocks."""
        start = 0
        for segment in self.segments:
            for part in chunks(len(segment), size):
                wanted = mask[start + part.start : start + part.stop]
                inside: Ints | slice = part if wanted.all() else part.start + np.flatnonzero(wanted)
                places = start + (np.arange(part.start, part.stop) if isinstance(inside, slice) else inside)
                if len(places):
                    yield places, segment.part(inside)
            start += len(segment)

    def take(self, places: Ints) -> Single:
        """Rows as they are compared with (M, D) at places (M,)."""
        out = np.empty((len(places), self.width), dtype=np.float32)
        start = 0
        for segment in self.segments:
            inside = np.flatnonzero((places >= start) & (places < start + len(segment)))
            if len(inside):
                out[inside] = segment.take(places[inside] - start)
            start += len(segment)
        return out


def check_ids(ids: ArrayLike) -> Ints:
    """Return ids (N,) as integers.

    Raises:
        InputError: They are no flat array of integers from 0 on.
    """
    array = np.asarray(ids)
    if array.ndim != 1 or (array.size and (array.dtype.kind not in "iu" or array.min() < 0)):
        raise InputError(f"ids must be a flat array of integers from 0 on, not {array.dtype} of shape {array.shape}")
    return array.astype(np.int64)


def _joined(first: Segment, second: Segment) -> Segment:
    """Two segments as one, in memory."""

    def both(a: Single | None, b: Single | None) -> Single | None:
        if a is None and b is None:
            return None
        ones = [np.ones(len(part), np.float32) for part in (first, second)]
        return np.concatenate([ones[0] if a is None else a, ones[1] if b is None else b])

    values = np.concatenate([first.values, second.values])
    return Segment(values, both(first.gain, second.gain), both(first.half_square, second.half_square))
