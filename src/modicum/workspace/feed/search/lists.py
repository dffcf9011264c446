"""The lists that are fused: papers by their words, and papers by their vectors, among those that pass the filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.core.protocols import Encoder
from modicum.data.search import PartedBM25, Stems
from modicum.data.store import NumberedVectors
from modicum.vectors.index import bit_columns, least_differing
from modicum.vectors.search import ranked
from modicum.workspace.feed.search.asking import PaperQuery
from modicum.workspace.feed.search.part import BITS_FROM, NO_DAY, Coded, Ints, Mask, Part
from modicum.workspace.feed.search.shelf import Held, rows_of

CANDIDATES = 1_000
"""Papers of each list that are fused at least; as many as are asked for, where that is more."""
COMPARED = 8
"""Papers that bits choose to be compared in full, for each that is fused."""
LEAST = 500
"""Papers of a part that bits choose at least."""
WORDS = 32
"""Words of a query that count: the rarest ones."""
COMPLETED, LETTERS = 8, 3
"""Words that an unfinished one may stand for, and letters from which on it does."""
NAMED = 5_000
"""Papers that LanceDB is told by number to look among; of more it is asked for as many more as others do not pass."""
WIDER = 4
"""Factor of how many it is asked for again, where too few of them pass."""
OWN_WORDS = 20
"""Words of a paper that stand for it where there are no vectors."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """A ranked list of places of papers in the index."""

    places: Ints
    """Places (k,), best first."""
    scores: Floats
    """Scores (k,)."""


NOTHING = Found(np.empty(0, np.int64), np.empty(0, np.float64))


@dataclass(frozen=True, eq=False)
class Lists:
    """An index that can be asked. A place counts all papers of all parts, one part after the other."""

    held: Held
    stems: Stems
    encoder: Encoder | None = None
    """What made the vectors; None for words alone."""
    outside: NumberedVectors | None = None
    """LanceDB's table of the vectors; None where the parts hold them."""

    @property
    def width(self) -> int:
        """Width D of the vectors; 0 for words alone."""
        return 0 if self.encoder is None else self.encoder.dimension

    @cached_property
    def words(self) -> PartedBM25:
        """All parts by their words."""
        return PartedBM25([part.words for part in self.held.parts])

    @cached_property
    def starts(self) -> Ints:
        """Place of the first paper of each part."""
        sizes = np.array([len(part) for part in self.held.parts], dtype=np.int64)
        return np.cumsum(sizes) - sizes

    @cached_property
    def size(self) -> int:
        """Papers that are there."""
        return sum(int(own.sum()) for own in self.held.alive)

    def where(self, papers: Sequence[int]) -> tuple[Ints, Ints]:
        """Part (M,), and row in it (M,), of papers.

        Raises:
            InputError: One is not there.
        """
        wanted = np.asarray(papers, dtype=np.int64).reshape(-1)
        parts, rows = self._found(wanted)
        if (parts < 0).any():
            paper = int(wanted[parts < 0][0])
            raise InputError(f"the feed has no paper {paper}; it may be another paper by now, or a new one")
        return parts, rows

    def known(self, papers: Sequence[int]) -> Mask:
        """Which (M,) of some papers are there."""
        return self._found(np.asarray(papers, dtype=np.int64).reshape(-1))[0] >= 0

    def _found(self, wanted: Ints) -> tuple[Ints, Ints]:
        """Part (M,), and row in it (M,), of papers; a part of -1 for those that are not there."""
        parts, rows = np.full(len(wanted), -1), np.zeros(len(wanted), dtype=np.int64)
        for number, (part, alive) in enumerate(zip(self.held.parts, self.held.alive, strict=True)):
            at, which = rows_of(part.papers, wanted)
            parts[which[alive[at]]], rows[which[alive[at]]] = number, at[alive[at]]
        return parts, rows

    def vectors(self, papers: Sequence[int]) -> NDArray[np.float32]:
        """Vectors (M, D) of papers, of length 1 or 0.

        Raises:
            InputError: One is not there.
        """
        out = np.zeros((len(papers), self.width), dtype=np.float32)
        parts, rows = self.where(papers)
        if self.outside is not None:
            return normalize_rows(self.outside.take(np.asarray(papers, dtype=np.int64)))
        for number in np.unique(parts).tolist():
            told = self.held.parts[number].vectors
            if told is not None:
                own = np.flatnonzero(parts == number)
                out[own] = normalize_rows(told.rows.take(rows[own]))
        return out

    def allowed(self, query: PaperQuery) -> list[Mask]:
        """Which papers (n,) of each part are there, pass the filters, and are not named themselves.

        Raises:
            InputError: The query names a paper that is not there.
        """
        among = None if query.among is None else np.unique(np.fromiter(query.among, np.int64, len(query.among)))
        found = [
            alive & passing(part, query, among) for part, alive in zip(self.held.parts, self.held.alive, strict=True)
        ]
        for number, row in zip(*self.where([*query.like, *query.unlike]), strict=True):
            found[number][row] = False
        parts, rows = self._found(np.fromiter(query.without, np.int64, len(query.without)))
        for number, own in enumerate(found):
            own[rows[parts == number]] = False
        return found

    def weights(self, query: PaperQuery, *, own_words: bool) -> dict[str, float]:
        """Words of a query, and what they weigh.

        Args:
            query: The query.
            own_words: Whether papers to be like are told by their words, for want of vectors.

        Raises:
            InputError: The query names a paper that is not there.
        """
        words = self.stems.tokens([query.text])[0]
        last = query.text.rsplit(maxsplit=1)[-1:] if query.unfinished and not query.text[-1:].isspace() else []
        if last and len(last[0]) >= LETTERS:
            words = [*words, *(word for word in self._completed(last[0].lower()) if word not in words)]
        found = self.words.rarest(words, WORDS)
        for number, row in zip(*self.where(query.like if own_words else ()), strict=True):
            told = self.held.parts[number].words.of_row(int(row))
            for word, weight in self.words.rarest([w for w in told for _ in range(told[w])], OWN_WORDS).items():
                found[word] = found.get(word, 0.0) + weight
        return found

    def _completed(self, prefix: str) -> list[str]:
        """Stems that an unfinished word may stand for: those that begin with it, else those that it goes beyond."""
        found = self.words.completed(prefix, COMPLETED)
        for end in range(len(prefix) - 1, LETTERS - 1, -1):
            if found:
                break
            # A stem may end in i where the word has y: studi, of study.
            beginnings = self.words.completed(prefix[:end], COMPLETED)
            found = [stem for stem in beginnings if prefix.replace("y", "i").startswith(stem.replace("y", "i"))]
        return found

    def by_words(self, weights: dict[str, float], allowed: Sequence[Mask], most: int) -> tuple[Found, int]:
        """The `most` papers that hold the words best, and how many hold one at all."""
        if not weights:
            return NOTHING, 0
        every = self.words.scores(weights)
        scores = [np.where(own & (told > 0), told, -np.inf) for told, own in zip(every, allowed, strict=True)]
        return self._best(scores, most), sum(int((told > -np.inf).sum()) for told in scores)

    def by_vector(self, vector: Floats, allowed: Sequence[Mask], most: int) -> Found:
        """The `most` papers nearest to a vector (D,) of length 1."""
        if self.outside is not None:
            return self._from_outside(self.outside, vector, allowed, most)
        asked = vector.astype(np.float32)[None]
        found = []
        total = max(sum(map(len, self.held.parts)), 1)
        for part, own, start in zip(self.held.parts, allowed, self.starts.tolist(), strict=True):
            if part.vectors is not None:
                share = max(LEAST, COMPARED * most * len(part) // total)
                rows = _candidates(part.vectors, asked, own, share)
                scores = part.vectors.rows.part(rows).marks(asked)[0].astype(np.float64)
                best = ranked(scores, most)
                found.append(Found(start + rows[best], scores[best]))
        return _merged(found, most)

    def _from_outside(self, outside: NumberedVectors, vector: Floats, allowed: Sequence[Mask], most: int) -> Found:
        """The `most` papers nearest to a vector (D,) as LanceDB's table tells them."""
        every = np.concatenate([*allowed, [False]])  # the last for what is in no part
        left, held, among = int(every.sum()), len(outside), None
        wanted = min(most, left)
        if left <= NAMED and 2 * left < held:
            among = np.concatenate([part.papers[own] for part, own in zip(self.held.parts, allowed, strict=True)])
        count = wanted if among is not None else -(-wanted * held // max(left, 1)) + held - self.size
        while wanted:
            numbers, scores = outside.nearest(vector, min(count, held), among)
            parts, rows = self._found(numbers)
            places = np.where(parts < 0, len(every) - 1, self.starts[parts] + rows)
            kept = np.flatnonzero(every[places])
            if len(kept) >= wanted or among is not None or count >= held:
                return _merged([Found(places[kept], scores[kept].astype(np.float64))], most)
            count *= WIDER
        return NOTHING

    def cosines(self, places: Ints, vector: Floats | None) -> Floats:
        """Products (k,) of the papers at places with a vector (D,); minus infinity where there are no vectors."""
        papers, groups = self.told(places)
        out = np.full(len(papers), -np.inf)
        if vector is None:
            return out
        asked = vector.astype(np.float32)
        if self.outside is not None:
            out[:] = self.outside.take(papers) @ asked
            return out
        for number, which, rows in groups:
            coded = self.held.parts[number].vectors
            if coded is not None:
                out[which] = coded.rows.part(rows).marks(asked[None])[0]
        return out

    def newest(self, allowed: Sequence[Mask], most: int) -> Found:
        """The newest papers, of one day those that came last first."""
        days = [np.where(own, part.days, -1.0) for part, own in zip(self.held.parts, allowed, strict=True)]
        every = np.concatenate(days) if days else np.empty(0)
        papers = np.concatenate([part.papers for part in self.held.parts]) if days else np.empty(0, np.int64)
        there = np.flatnonzero(every >= 0)
        if len(there) > most:
            least = np.partition(every[there], len(there) - most)[len(there) - most]
            there = there[every[there] >= least]
        order = there[np.lexsort((-papers[there], -every[there]))][:most]
        return Found(order, every[order])

    def told(self, places: Ints) -> tuple[Ints, list[tuple[int, Ints, Ints]]]:
        """Numbers (k,) of papers at places, and for each part that holds some: which of them, and their rows."""
        number = np.searchsorted(self.starts, places, side="right") - 1
        papers = np.empty(len(places), dtype=np.int64)
        groups = []
        for part in np.unique(number).tolist():
            which = np.flatnonzero(number == part)
            rows = places[which] - self.starts[part]
            papers[which] = self.held.parts[part].papers[rows]
            groups.append((part, which, rows))
        return papers, groups

    def _best(self, scores: Sequence[NDArray[np.floating]], most: int) -> Found:
        found = []
        for told, start in zip(scores, self.starts.tolist(), strict=True):
            rows = ranked(told, most)
            found.append(Found(start + rows, told[rows].astype(np.float64)))
        return _merged(found, most)


def passing(part: Part, query: PaperQuery, among: Ints | None) -> Mask:
    """Which papers (n,) of a part pass the filters of a query; `among` are its numbers in order."""
    found = np.ones(len(part), dtype=bool)
    if query.since is not None or query.until is not None:
        found &= part.days != NO_DAY
        found &= part.days >= (query.since or date.min).toordinal()
        found &= part.days <= (query.until or date.max).toordinal()
    if query.sources:
        hits = np.concatenate([[0], np.cumsum(np.isin(part.sources, query.sources))])
        found &= hits[part.source_ends[1:]] > hits[part.source_ends[:-1]]
    if among is not None:
        named = np.zeros(len(part), dtype=bool)
        named[rows_of(part.papers, among)[0]] = True
        found &= named
    return found


def _candidates(told: Coded, asked: NDArray[np.float32], allowed: Mask, most: int) -> Ints:
    """Rows of a part that are worth comparing in full: all that are allowed, where these are few."""
    if not told.bits.shape[1] or int(allowed.sum()) <= BITS_FROM:
        return np.flatnonzero(allowed)
    return least_differing(told.bits, bit_columns(asked, told.centre), most, allowed)


def _merged(found: Sequence[Found], most: int) -> Found:
    """The best of several lists as one."""
    if not found:
        return NOTHING
    places = np.concatenate([one.places for one in found])
    scores = np.concatenate([one.scores for one in found])
    order = np.lexsort((places, -scores))[:most]
    return Found(places[order], scores[order])
