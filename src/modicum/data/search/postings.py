"""Which rows hold which words, in parts that are laid beside each other, joined, and left on disk.

An index of words that grows: new rows are a part of their own, a few parts are joined into one without looking at a
text again, and all that lies on disk may be memory-mapped. Scores are those of `BM25` over the rows of all parts, as
every word's rarity and the mean length are taken of all of them when a query is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.data.search.stems import Stems

CODE = ("utf-8", "surrogatepass")
MOST_TIMES = 255
AT_ONCE = 1 << 20
"""Mentions that are moved together when parts are joined."""

Ints = NDArray[np.int64]
Allocate = Callable[[str, tuple[int, ...], type[Any]], NDArray[Any]]
"""Gives an array to be filled, of a name, a shape and a type."""


@dataclass(frozen=True, eq=False)
class Postings:
    """For each of V words, in the order of its bytes, the rows that hold it; N rows in all, P mentions."""

    letters: NDArray[np.uint8]
    """All words, one after the other, in UTF-8."""
    ends: Ints
    """Where in `letters` a word begins, and where the last one ends (V + 1,)."""
    starts: Ints
    """Where in `rows` a word begins, and where the last one ends (V + 1,); every word has a row."""
    rows: NDArray[np.int32]
    """Rows (P,), those of a word together."""
    times: NDArray[np.uint8]
    """How often the word stands in the row (P,), at most 255."""
    lengths: NDArray[np.int32]
    """Words of each row (N,)."""

    @property
    def words(self) -> int:
        """Number V of words."""
        return len(self.ends) - 1

    def word(self, place: int) -> bytes:
        """The word at a place."""
        return self.letters[self.ends[place] : self.ends[place + 1]].tobytes()

    def first(self, word: bytes) -> int:
        """Place of the first word that is not before this one: V where all are."""
        low, high = 0, self.words
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.word(middle) < word else (low, middle)
        return low

    def held(self, word: str) -> slice:
        """Where in `rows` a word is; nothing where no row holds it."""
        told = word.encode(*CODE)
        place = self.first(told)
        if place == self.words or self.word(place) != told:
            return slice(0, 0)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))

    def beginning(self, prefix: str) -> range:
        """Places of the words that begin like this."""
        told = prefix.encode(*CODE)
        return range(self.first(told), self.first(told + b"\xff"))

    def of_row(self, row: int) -> dict[str, int]:
        """The words of one row, and how often it holds them. Cost: O(P)."""
        at = np.flatnonzero(self.rows == row)
        places = np.searchsorted(self.starts, at, side="right") - 1
        return {
            self.word(int(place)).decode(*CODE): int(count) for place, count in zip(places, self.times[at], strict=True)
        }


def count_words(texts: Sequence[str], stems: Stems) -> Postings:
    """The words of N texts.

    Example:
        >>> found = count_words(["a lost card", "lost, lost"], Stems())
        >>> found.rows[found.held("lost")].tolist(), found.times[found.held("lost")].tolist()
        ([0, 1], [1, 2])
    """
    numbers, names = stems.numbered(texts)
    lengths = np.array([len(one) for one in numbers], dtype=np.int64)
    flat = np.fromiter(chain.from_iterable(numbers), dtype=np.int64, count=int(lengths.sum()))
    told = [name.encode(*CODE) for name in names]
    order = sorted(range(len(told)), key=told.__getitem__)
    rank = np.empty(len(told), dtype=np.int64)
    rank[order] = np.arange(len(told))
    keys, times = np.unique(rank[flat] * len(texts) + np.repeat(np.arange(len(texts)), lengths), return_counts=True)
    words, rows = np.divmod(keys, max(len(texts), 1))
    # A stem of words that are left out, or of none of these texts, has no row.
    used, counts = np.unique(words, return_counts=True)
    kept = [told[order[place]] for place in used.tolist()]
    return Postings(
        np.frombuffer(b"".join(kept), dtype=np.uint8),
        _ends([len(one) for one in kept]),
        _ends(counts),
        rows.astype(np.int32),
        np.minimum(times, MOST_TIMES).astype(np.uint8),
        lengths.astype(np.int32),
    )


def _ends(sizes: Any) -> Ints:
    return np.concatenate([[0], np.cumsum(np.asarray(sizes, dtype=np.int64), dtype=np.int64)]).astype(np.int64)


def join_postings(
    parts: Sequence[Postings], places: Sequence[Ints], rows: int, allocate: Allocate | None = None
) -> Postings:
    """Several parts as one.

    Args:
        parts: The parts.
        places: For each part, the new row of each of its rows (n,); -1 leaves one out.
        rows: Rows N of the whole.
        allocate: What the arrays are written to; default memory. Cost: O(P), with a few MB beside them.

    Example:
        >>> one, two = count_words(["lost card"], Stems()), count_words(["old card"], Stems())
        >>> both = join_postings([one, two], [np.array([1]), np.array([0])], 2)
        >>> sorted(both.rows[both.held("card")].tolist())
        [0, 1]
    """
    make = allocate or (lambda name, shape, kind: np.empty(shape, kind))
    counts = [_counts(part, place) for part, place in zip(parts, places, strict=True)]
    named = [[part.word(int(place)) for place in np.flatnonzero(own)] for part, own in zip(parts, counts, strict=True)]
    every = sorted(set(chain.from_iterable(named)))
    number = {word: place for place, word in enumerate(every)}
    rank = [np.array([number[word] for word in words], dtype=np.int64) for words in named]
    sizes = np.zeros(len(every), dtype=np.int64)
    for own, ranks in zip(counts, rank, strict=True):
        sizes[ranks] += own[own > 0]
    joined = Postings(
        make("letters", (sum(map(len, every)),), np.uint8),
        make("ends", (len(every) + 1,), np.int64),
        make("starts", (len(every) + 1,), np.int64),
        make("rows", (int(sizes.sum()),), np.int32),
        make("times", (int(sizes.sum()),), np.uint8),
        make("lengths", (rows,), np.int32),
    )
    joined.letters[:] = np.frombuffer(b"".join(every), dtype=np.uint8)
    joined.ends[:], joined.starts[:] = _ends([len(word) for word in every]), _ends(sizes)
    at = joined.starts[:-1].copy()
    for part, place, own, ranks in zip(parts, places, counts, rank, strict=True):
        there = place >= 0
        joined.lengths[place[there]] = part.lengths[there]
        _move(part, place, own, np.asarray(at[ranks]), joined)
        at[ranks] += own[own > 0]
    return joined


def _counts(part: Postings, place: Ints) -> Ints:
    """How many of the rows that stay hold each word (V,)."""
    if not len(part.rows) or (place >= 0).all():
        return np.diff(part.starts)
    stays = place >= 0
    sums = [np.add.reduceat(stays[part.rows[cut]], begins, dtype=np.int64) for cut, begins in _cuts(part)]
    return np.concatenate(sums)


def _cuts(part: Postings) -> list[tuple[slice, Ints]]:
    """Runs of mentions, whole words each, with where in the run each word begins."""
    cuts, first = [], 0
    while first < part.words:
        last = int(np.searchsorted(part.starts, part.starts[first] + AT_ONCE, side="right")) - 1
        last = min(max(last, first + 1), part.words)
        start, end = int(part.starts[first]), int(part.starts[last])
        cuts.append((slice(start, end), np.asarray(part.starts[first:last]) - start))
        first = last
    return cuts


def _move(part: Postings, place: Ints, counts: Ints, targets: Ints, joined: Postings) -> None:
    """Write a part's mentions to where their words begin; `targets` are those of the words with a count."""
    where = np.zeros(part.words, dtype=np.int64)
    where[counts > 0] = targets
    first = 0
    for cut, begins in _cuts(part):
        words = slice(first, first + len(begins))
        new = place[part.rows[cut]]
        stays = new >= 0
        own = counts[words]
        inside = np.arange(int(own.sum())) - np.repeat(np.cumsum(own) - own, own)
        at = np.repeat(where[words], own) + inside
        joined.rows[at] = new[stays]
        joined.times[at] = part.times[cut][stays]
        first += len(begins)


def arrays_of(postings: Postings) -> dict[str, NDArray[Any]]:
    """The arrays by their names, as `Postings(**arrays)` takes them."""
    return {field.name: getattr(postings, field.name) for field in fields(postings)}
