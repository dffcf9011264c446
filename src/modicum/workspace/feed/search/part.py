"""A part of the index: papers that were taken in or joined together, as arrays that lie in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.data.search import Postings, Stems, arrays_of, count_words
from modicum.vectors.index import bit_columns
from modicum.vectors.index.bits import WORD
from modicum.vectors.index.rows import CHUNK, Segment, make_segment

NO_DAY = 0
BITS_FROM = 16_384
"""Papers from which on bits choose which are compared in full; fewer all are."""

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Coded:
    """Vectors (n, D) of a part."""

    rows: Segment
    """In 8 bits, each row with its own step."""
    centre: NDArray[np.float32]
    """Mean (D,)."""
    bits: NDArray[np.uint64]
    """One bit for each coordinate above its mean (D / 64, n); (D / 64, 0) for few rows."""


@dataclass(frozen=True, eq=False)
class Part:
    """Papers of the index, in the order of their numbers."""

    papers: Ints
    """Numbers (n,)."""
    days: NDArray[np.int32]
    """Days (n,) counted from the first of year 1; 0 where there is no date."""
    sources: NDArray[np.int32]
    """Numbers of the sources of all papers, one after the other."""
    source_ends: Ints
    """Where in `sources` those of a paper begin, and where the last ones end (n + 1,)."""
    gone: Ints
    """Numbers of papers of older parts that are no longer there."""
    words: Postings
    vectors: Coded | None

    def __len__(self) -> int:
        """Return the number of papers."""
        return len(self.papers)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by the names of their files."""
        own = {name: getattr(self, name) for name in ("papers", "days", "sources", "source_ends", "gone")}
        own |= {f"words.{name}": array for name, array in arrays_of(self.words).items()}
        if self.vectors is not None:
            told = self.vectors
            own |= {"codes": told.rows.values, "steps": told.rows.gain, "centre": told.centre, "bits": told.bits}
        return own

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """A part of the arrays that `arrays` gave.

        Raises:
            KeyError: One is not there.
        """
        words = {one.name: arrays[f"words.{one.name}"] for one in fields(Postings)}
        coded = None
        if "codes" in arrays:
            coded = Coded(Segment(arrays["codes"], arrays["steps"], None), arrays["centre"], arrays["bits"])
        told = (arrays["papers"], arrays["days"], arrays["sources"], arrays["source_ends"], arrays["gone"])
        return cls(*told, Postings(**words), coded)

    def write(self, folder: Path) -> None:
        """Write the arrays as files."""
        for name, array in self.arrays().items():
            np.save(folder / f"{name}.npy", array)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The part in a folder, its files memory-mapped.

        Raises:
            OSError: A file cannot be read.
            ValueError: A file is damaged.
            EOFError: A file is empty.
            KeyError: A file is missing.
        """
        return cls.of({file.stem: _read(file) for file in sorted(folder.glob("*.npy"))})


def _read(file: Path) -> NDArray[Any]:
    with suppress(ValueError):  # raised for an empty array, which cannot be mapped
        return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False).view(np.ndarray))
    return np.asarray(np.load(file, allow_pickle=False))


def make_part(
    papers: Sequence[Mapping[str, Any]],
    sources: Mapping[int, Sequence[int]],
    gone: Sequence[int],
    stems: Stems,
    X: NDArray[np.floating] | None,
) -> Part:
    """A part of papers.

    Args:
        papers: Their `id`, `title`, `abstract` and `date`, in the order of the ids.
        sources: Numbers of the sources of each, by id.
        gone: Numbers of papers that are no longer there.
        stems: What makes words of texts.
        X: Vectors (n, D) of length 1, or 0; None for words alone.
    """
    carried = [sorted(sources.get(paper["id"], ())) for paper in papers]
    coded = None
    if X is not None:
        coded = _coded(X)
    return Part(
        np.array([paper["id"] for paper in papers], dtype=np.int64),
        np.array([day_of(paper["date"]) for paper in papers], dtype=np.int32),
        np.array([one for own in carried for one in own], dtype=np.int32),
        np.concatenate([[0], np.cumsum([len(own) for own in carried])]).astype(np.int64),
        np.array(sorted(gone), dtype=np.int64),
        count_words([text_of(paper) for paper in papers], stems),
        coded,
    )


def rounded(X: NDArray[np.floating]) -> NDArray[np.float32]:
    """Vectors (n, D) as 8 bits tell them, which is how parts keep them."""
    return _coded(X).rows.take(slice(None))


def _coded(X: NDArray[np.floating]) -> Coded:
    if not len(X):
        nothing = Segment(np.empty(X.shape, np.int8), np.empty(0, np.float32), None)
        return Coded(nothing, np.zeros(X.shape[1], np.float32), np.empty((-(-X.shape[1] // WORD), 0), np.uint64))
    rows, _ = make_segment(X, "dot", "int8")
    centre = np.asarray(X.mean(axis=0), dtype=np.float32)
    return Coded(rows, centre, bits_of(rows, centre))


def bits_of(rows: Segment, centre: NDArray[np.float32]) -> NDArray[np.uint64]:
    """The bits of vectors, chunk by chunk; of none where there are few."""
    n = len(rows) if len(rows) > BITS_FROM else 0
    out = np.empty((-(-len(centre) // WORD), n), dtype=np.uint64)
    for cut in chunks(n, CHUNK):
        out[:, cut] = bit_columns(rows.take(cut), centre)
    return out


def text_of(paper: Mapping[str, Any]) -> str:
    """What of a paper is searched: title and abstract."""
    return f"{paper['title']}. {paper['abstract']}"


def day_of(told: str | None) -> int:
    """The day of an ISO date, counted from the first of year 1; the first day of a month or year alone; 0 for none.

    Example:
        >>> day_of("0001-01"), day_of("0001-01-31T08:00:00Z"), day_of(None)
        (1, 31, 0)
    """
    if not told:
        return NO_DAY
    year, month, day = (*told[:10].split("-"), "1", "1")[:3]
    try:
        return date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return NO_DAY


def open_array(folder: Path, name: str, shape: tuple[int, ...], kind: type[Any]) -> NDArray[Any]:
    """An array to be filled, in a file of a folder."""
    if 0 in shape:
        np.save(folder / f"{name}.npy", np.empty(shape, kind))
        return np.empty(shape, kind)
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape)
