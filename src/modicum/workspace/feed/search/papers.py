"""`PaperSearch`: the papers of a feed by words and by vectors, each list ranked, and the ranks fused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.search import BM25
from modicum.encoders import encode, resolve
from modicum.vectors.search import edited_query, rank_fusion, ranked
from modicum.workspace.feed.search.asking import PaperHits, PaperQuery
from modicum.workspace.feed.search.changes import changed_after, last_change, watch
from modicum.workspace.feed.store import Store

K = 60.0
"""Of reciprocal rank fusion, as in its paper."""
CANDIDATES = 1_000
"""Papers of each list that are fused."""
NO_DAY = 0
TOP = 20
EVERY = 1 << 40


@dataclass(frozen=True, eq=False)
class _Held:
    """What is searched; never changed, but replaced."""

    last: int
    papers: NDArray[np.int64]
    days: NDArray[np.int64]
    sources: tuple[frozenset[int], ...]
    words: BM25
    X: NDArray[np.floating] | None
    encoder: Encoder | None


class PaperSearch:
    """Search among the papers of a feed. `find` asks no database, and may be called by any number of threads.

    Args:
        folder: The feed's folder.
        encoder: Encoder by name; `none` for words alone.
        mode: Of the encoder: `exact`, `fast` or `static`.
    """

    def __init__(self, folder: Path, *, encoder: str | Encoder | None = None, mode: str = "exact") -> None:
        self.folder = folder
        self._source, self._mode = encoder, mode
        self._held = _Held(-1, np.empty(0, np.int64), np.empty(0, np.int64), (), BM25([]), None, None)

    @classmethod
    def open(cls, store: Store, *, encoder: str | Encoder | None = None, mode: str = "exact") -> Self:
        """The search of a feed, with all its papers."""
        found = cls(store.folder, encoder=encoder, mode=mode)
        found.refresh(store)
        return found

    def __len__(self) -> int:
        """Return the number of papers."""
        return len(self._held.papers)

    def __contains__(self, paper: int) -> bool:
        """Whether a paper of this number is known."""
        return bool((self._held.papers == paper).any())

    def refresh(self, store: Store, *, progress: Progress = silent) -> int:
        """Take in what changed in the feed since the last time; returns how many papers did. Cheap where none did.

        Args:
            store: The feed, opened by the calling thread.
            progress: Called with the stage and what is done.
        """
        watch(store)
        last = last_change(store)
        if last == self._held.last:
            return 0
        changed = len(changed_after(store, self._held.last, EVERY))
        rows = store.rows("SELECT id, title, abstract, date FROM papers ORDER BY id")
        carried: dict[int, set[int]] = {}
        for row in store.rows("SELECT DISTINCT paper, source FROM entries"):
            carried.setdefault(row["paper"], set()).add(row["source"])
        texts = [f"{row['title']}. {row['abstract']}" for row in rows]
        encoder = None if self._source == "none" or not texts else resolve(self._source, texts, mode=self._mode)
        self._held = _Held(
            last,
            np.array([row["id"] for row in rows], dtype=np.int64),
            np.array([day_of(row["date"]) for row in rows], dtype=np.int64),
            tuple(frozenset(carried.get(row["id"], ())) for row in rows),
            BM25(texts, progress=progress),
            None if encoder is None else normalize_rows(np.asarray(encode(texts, encoder, progress=progress))),
            encoder,
        )
        return changed

    def find(self, query: PaperQuery, top: int = TOP) -> PaperHits:
        """The `top` papers that fit a query best; fewer where fewer are found. Papers it names are not among them.

        Raises:
            InputError: The query names an unknown paper, or `top` is under 1.
        """
        if top < 1:
            raise InputError(f"the number of papers to find must be at least 1, not {top}")
        held = self._held
        allowed = _allowed(held, query)
        named = [*self._rows(query.like), *self._rows(query.unlike)]
        allowed[named] = False
        words = np.where(allowed, held.words.scores(query.text), 0.0)
        words = np.where(words > 0, words, -np.inf)
        cosines = np.where(allowed, self._cosines(query), -np.inf)
        told = bool(query.text.strip())
        total = int((words > -np.inf).sum() if told else allowed.sum())
        if told or query.like:
            scores = _fused(words, cosines)
        else:
            scores = np.where(allowed, held.days.astype(np.float64), -np.inf)
        rows = ranked(scores, top)
        return PaperHits(held.papers[rows], scores[rows], words[rows], cosines[rows], total)

    def neighbours(self, paper: int, top: int = 6) -> PaperHits:
        """The papers most like one.

        Raises:
            InputError: There is no such paper.
        """
        return self.find(PaperQuery(like=(paper,)), top)

    def vectors(self, papers: Sequence[int]) -> NDArray[np.float32]:
        """Vectors (M, D) of papers, of length 1; (M, 0) where words alone are searched.

        Raises:
            InputError: There is no such paper.
        """
        rows = self._rows(papers)
        X = self._held.X
        return np.zeros((len(rows), 0), np.float32) if X is None else np.asarray(X[rows], dtype=np.float32)

    def marks(self, text: str, query: str) -> list[tuple[int, int]]:
        """Where (begin, end) a text holds words of a query."""
        return self._held.words.spans(text, query)

    def _rows(self, papers: Sequence[int]) -> list[int]:
        known = self._held.papers
        at = np.searchsorted(known, papers)
        for paper, row in zip(papers, at, strict=True):
            if row == len(known) or known[row] != paper:
                raise InputError(f"the feed has no paper {paper}; it may be new, or another paper by now")
        return [int(row) for row in at]

    def _cosines(self, query: PaperQuery) -> NDArray[np.float64]:
        held = self._held
        nothing = np.full(len(held.papers), -np.inf)
        if held.X is None or held.encoder is None or not (query.text.strip() or query.like):
            return nothing
        wanted = held.X[self._rows(query.like)]
        if query.text.strip():
            wanted = np.concatenate([wanted, encode([query.text], held.encoder, cache=False)])
        if not wanted.any():
            return nothing
        return np.asarray(held.X @ edited_query(wanted, held.X[self._rows(query.unlike)]), dtype=np.float64)


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


def _allowed(held: _Held, query: PaperQuery) -> NDArray[np.bool_]:
    allowed = np.ones(len(held.papers), dtype=bool)
    if query.since is not None or query.until is not None:
        allowed &= held.days != NO_DAY
        allowed &= held.days >= (query.since or date.min).toordinal()
        allowed &= held.days <= (query.until or date.max).toordinal()
    if query.sources:
        allowed &= np.array([bool(one & set(query.sources)) for one in held.sources], dtype=bool)
    if query.among is not None:
        allowed &= np.isin(held.papers, np.fromiter(query.among, np.int64))
    return allowed


def _fused(words: NDArray[np.float64], cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    lists = []
    for scores in (words, cosines):
        kept = np.full(len(scores), -np.inf)
        best = ranked(scores, CANDIDATES)
        kept[best] = scores[best]
        if len(best):
            lists.append(kept)
    if len(lists) < 2:
        return lists[0] if lists else np.full(len(words), -np.inf)
    return rank_fusion(np.stack(lists), k=K, weights=[(K + 1) / 2] * 2)
