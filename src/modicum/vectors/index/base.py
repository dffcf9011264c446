"""What all indexes share: how they are asked, filtered, added to, removed from, saved and loaded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import Floats, chunks, normalize_rows
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.records import Vectors
from modicum.vectors.index.files import Stored, read_index, write_index
from modicum.vectors.index.rows import Ints, Mask, Rows, Single, check_directions

AT_ONCE = 500_000
"""Numbers of candidates' vectors that stand in memory at once."""

Keep = NDArray[np.bool_] | Callable[[Ints], NDArray[np.bool_]]
Found = tuple[Ints, Floats]


class Index(ABC):
    """Stored rows that can be searched. `add` and `remove` change it, whole or not at all.

    Scores are cosines, inner products, or Euclidean distances with their sign turned: higher is nearer.
    """

    kind: ClassVar[str]

    def __init__(self, rows: Rows, encoder: str = "") -> None:
        self.rows = rows
        self.encoder = encoder

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def ids(self) -> Ints:
        """Ids (N,) in the order in which rows were added."""
        return self.rows.ids[self.rows.kept]

    @property
    def width(self) -> int:
        """Width D of the vectors."""
        return self.rows.width

    def search(self, queries: ArrayLike | Vectors, k: int = 10, *, keep: Keep | None = None) -> Found:
        """The k nearest rows of each query.

        Args:
            queries: Vectors (Q, D); as `Vectors` their encoder is checked, too.
            k: How many, at least 1 and at most the rows there are.
            keep: Which rows may be found: a mask (N,) in the order of `ids`, or a function that is given the ids and
                returns one.

        Returns:
            Ids and scores (Q, k), nearest first.

        Raises:
            InputError: Queries hold NaN, are of another width or encoder, or, for cosines, are all zeros; `k` is more
                than there are rows; `keep` keeps none.
        """
        asked = self._asked(queries)
        mask = self._mask(keep)
        there = int(mask.sum())
        if not 1 <= k <= there:
            kept = "" if keep is None else " that the filter keeps"
            remedy = f"ask for 1 to {there}" if there else "add some first"
            raise InputError(f"{k} neighbours were asked for among {there} rows{kept}; {remedy}")
        places, scores = self._find(asked, k, mask)
        return self.rows.ids[places], scores

    def add(self, vectors: ArrayLike | Vectors, ids: ArrayLike | None = None) -> Ints:
        """Store more rows.

        Args:
            vectors: Vectors (N, D).
            ids: Their ids (N,), none of them there yet; default one more than the highest there was, and on.

        Returns:
            Their ids (N,).

        Raises:
            InputError: A vector or id cannot be taken; the index is as before.
        """
        added = self.rows.add(values_of(vectors, self.encoder), ids)
        self._added(added)
        return self.rows.ids[added]

    def remove(self, ids: ArrayLike) -> None:
        """Forget rows by their ids (N,). Their memory is given back when the index is saved and loaded, not before.

        Raises:
            InputError: An id is not there; the index is as before.
        """
        places = self.rows.places(ids)
        self.rows.kept[places] = False
        self._removed(places)

    def save(self, folder: Path | str) -> None:
        """Write a folder, whole or not at all: arrays as npy, the rest as JSON, with a hash of every file.

        Raises:
            InputError: The index holds no row, or the place cannot be written.
        """
        if len(self) == 0:
            raise InputError("the index holds no row; there is nothing to save")
        write_index(Path(folder), self.kind, self.rows, {**self._settings(), "encoder": self.encoder}, self._write)

    @classmethod
    def load(cls, folder: Path | str, *, encoder: str | None = None) -> Self:
        """Read a folder; vectors stay on disk and are memory-mapped.

        Args:
            folder: As written by `save`.
            encoder: Fingerprint of the encoder that queries will come from; checked where it is given.

        Raises:
            InputError: It is no such folder, is damaged, of another kind, or was made by another encoder.
        """
        stored = read_index(Path(folder), cls.kind)
        made = str(stored.settings["encoder"])
        if encoder is not None:
            check_encoder(made, encoder)
        index = cls.__new__(cls)
        Index.__init__(index, stored.rows, made)
        index._restore(stored)
        return index

    def _asked(self, queries: ArrayLike | Vectors) -> Single:
        asked = check_vectors(values_of(queries, self.encoder), width=self.width, what="queries")
        asked = np.ascontiguousarray(asked, dtype=np.float32)
        if self.rows.metric == "cosine":
            check_directions(np.linalg.norm(asked, axis=1), "queries")
            asked = normalize_rows(asked)
        return asked

    def _mask(self, keep: Keep | None) -> Mask:
        """Mask over all stored rows, removed ones among them."""
        if keep is None:
            return self.rows.kept
        wanted = np.asarray(keep(self.ids) if callable(keep) else keep)
        if wanted.dtype != bool or wanted.shape != (len(self),):
            raise InputError(
                f"keep must be a mask of the {len(self)} rows, or give one, not {wanted.dtype} of shape {wanted.shape}"
            )
        if not wanted.any():
            raise InputError(f"the filter keeps none of the {len(self)} rows; widen it")
        mask = np.zeros_like(self.rows.kept)
        mask[np.flatnonzero(self.rows.kept)[wanted]] = True
        return mask

    @abstractmethod
    def _find(self, queries: Single, k: int, mask: Mask) -> Found:
        """Places and scores (Q, k), nearest first, among the stored rows under a mask of at least k."""

    def _added(self, places: slice) -> None:  # noqa: B027  # not every kind has something to do
        """Take note of rows that were stored."""

    def _removed(self, places: Ints) -> None:  # noqa: B027  # not every kind has something to do
        """Take note of rows that were removed."""

    def _settings(self) -> dict[str, Any]:
        """What else JSON has to hold."""
        return {}

    def _write(self, folder: Path) -> None:  # noqa: B027  # not every kind has something to do
        """Write files of one's own for the rows that are kept."""

    def _restore(self, stored: Stored) -> None:  # noqa: B027  # not every kind has something to do
        """Set what `_settings` and `_write` wrote."""


def values_of(vectors: ArrayLike | Vectors, encoder: str) -> Any:
    """The array of vectors, whose encoder has to be the one with this fingerprint where both are known.

    Raises:
        InputError: It is another.
    """
    if not isinstance(vectors, Vectors):
        return vectors
    check_encoder(encoder, vectors.fingerprint)
    return vectors.values


def check_encoder(made: str, given: str) -> None:
    """Compare two fingerprints; an empty one is not known and fits all.

    Raises:
        InputError: They differ.
    """
    if made and given and made != given:
        raise InputError(
            f"the index was made with encoder {made[:12]}, but these vectors are of {given[:12]}; encode with the same "
            "one, or build the index again"
        )


def rescored(rows: Rows, queries: Single, candidates: Ints, k: int) -> Found:
    """The k nearest of each query's candidates, by their true vectors.

    Args:
        rows: Stored rows.
        queries: Vectors (Q, D), of length 1 for cosines.
        candidates: Places (Q, C), C at least k; -1 is none.
        k: How many.

    Returns:
        Places and scores (Q, k), nearest first; -1 and minus infinity where there were fewer candidates.
        Cost: O(Q C D).
    """
    places, scores = np.empty((len(queries), k), np.int64), np.empty((len(queries), k), np.float32)
    for part in chunks(len(queries), max(1, AT_ONCE // (candidates.shape[1] * rows.width))):
        own = candidates[part]
        vectors = rows.take(np.maximum(own, 0).ravel()).reshape(*own.shape, rows.width)
        if rows.metric == "euclidean":
            near = -np.linalg.norm(vectors - queries[part, None], axis=2)
        else:
            near = np.matmul(vectors, queries[part, :, None])[:, :, 0]
        near = np.where(own < 0, -np.inf, near)
        order = np.lexsort((own, -near), axis=1)[:, :k]
        places[part], scores[part] = np.take_along_axis(own, order, axis=1), np.take_along_axis(near, order, axis=1)
    return places, scores
