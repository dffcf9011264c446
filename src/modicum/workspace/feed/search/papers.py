"""`PaperSearch`: the papers of a feed by words and by vectors, each list ranked, and the ranks fused."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.search import Stems
from modicum.data.store import NumberedVectors, keep_table, numbered_vectors
from modicum.encoders import encode
from modicum.vectors.search import edited_query, rank_fusion
from modicum.workspace.feed.home import vectors_place
from modicum.workspace.feed.search.asking import PaperHits, PaperQuery
from modicum.workspace.feed.search.changes import changed_after, last_change, papers_told, watch
from modicum.workspace.feed.search.encoding import WORDS_ALONE, Chosen, choose
from modicum.workspace.feed.search.lists import CANDIDATES, Found, Lists
from modicum.workspace.feed.search.part import make_part, rounded, text_of
from modicum.workspace.feed.search.shelf import Held, Listed, Shelf
from modicum.workspace.feed.store import Store

K = 60.0
"""Of reciprocal rank fusion, as in its paper."""
TOP = 20
RUN = 8_192
"""Papers that are taken in together: what a kill loses at most."""


class PaperSearch:
    """Search among the papers of a feed: an index in files beside it, of which `find` asks no database.

    Any number of threads may call `find` while one refreshes; each sees the papers before or after that.

    Args:
        folder: The feed's folder.
        encoder: Encoder, by name or itself; `none` for words alone; default what the index was made with, else
            all-MiniLM-L6-v2.
        mode: Of the encoder: `exact`, `fast` or `static`; default what the index was made with, else `exact`.
        language: Language whose words are stemmed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        encoder: str | Encoder | None = None,
        mode: str | None = None,
        language: str = "english",
    ) -> None:
        self.folder = folder
        self._source, self._mode = encoder, mode
        self._shelf = Shelf(folder)
        self._stems = Stems(language)
        self._chosen: Chosen | None = None
        self._lists = Lists(Held(Listed()), self._stems)
        self._turn = threading.Lock()

    @classmethod
    def open(
        cls,
        store: Store,
        *,
        encoder: str | Encoder | None = None,
        mode: str | None = None,
        progress: Progress = silent,
    ) -> Self:
        """The search of a feed, with all its papers; arguments as for the class."""
        found = cls(store.folder, encoder=encoder, mode=mode)
        found.refresh(store, progress=progress)
        return found

    def __len__(self) -> int:
        """Return the number of papers."""
        return self._lists.size

    def __contains__(self, paper: int) -> bool:
        """Whether a paper of this number is known; of many, `known` tells it at once."""
        return bool(self.known([paper])[0])

    def known(self, papers: Sequence[int]) -> NDArray[np.bool_]:
        """Which (M,) of some numbers are those of papers that are known. Cost: O(N + M log N) for N papers."""
        return self._lists.known(papers)

    @property
    def encoder(self) -> Encoder | None:
        """What makes vectors of papers and queries; None for words alone, and before the first paper."""
        return self._lists.encoder

    @property
    def listed(self) -> Listed:
        """What the index says of itself, which is never the same again once papers changed."""
        return self._lists.held.listed

    def refresh(self, store: Store, *, progress: Progress = silent) -> int:
        """Take in what changed in the feed since the last time; returns how many papers did. Cheap where none did.

        What is new becomes a part of the index, in files; of parts of like size one is made now and then. A kill
        loses at most the part that was being made. While another process takes changes in, what it has done is read.

        Args:
            store: The feed, opened by the calling thread.
            progress: Called with the stage `index papers` and how many are done.

        Raises:
            InputError: The index cannot be written, or there is no such encoder.
        """
        mark = watch(store)
        listed = self._lists.held.listed
        if self._chosen is not None and listed.feed == mark and listed.last == last_change(store):
            return 0
        with self._turn:
            try:
                with self._shelf.lock():
                    return self._taken_all(store, mark, progress)
            except Timeout:  # another process is at it; what it has done by now is searched
                held = self._usable(store, mark)
                if held.parts:
                    self._show(held)
                return 0

    def _taken_all(self, store: Store, mark: str, progress: Progress) -> int:
        """Take in all changes, run by run; returns how many there were."""
        held = self._usable(store, mark)
        total = len(changed_after(store, held.listed.last, -1)) if progress is not silent else 0
        changed = 0
        while run := changed_after(store, held.listed.last, RUN):
            held = self._taken(store, held, run)
            self._show(held)
            changed += len(run)
            progress("index papers", changed, total)
        self._show(held, whole=True)
        return changed

    def _usable(self, store: Store, mark: str) -> Held:
        """The index on disk if it is one of this feed and this encoder, else an empty one."""
        held = self._lists.held
        if held.listed != self._shelf.listed() or not held.parts:
            held = self._shelf.read()
        papers = store.rows("SELECT count(*) AS papers FROM papers")[0]["papers"]
        if papers and (self._chosen is None or self._chosen.outgrown(papers)):
            self._chosen = choose(self._source, self._mode, store, held.listed, self._shelf.folder)
        chosen = self._chosen or Chosen(None)
        place = vectors_place(self.folder, chosen.fingerprint)
        wanted = (mark, chosen.fingerprint, "" if place is None else str(place.table))
        there = (held.listed.feed, held.listed.encoder, held.listed.home)
        if there != wanted or held.listed.last > last_change(store):
            name = chosen.encoder.name if chosen.encoder is not None else WORDS_ALONE
            mode = str(getattr(chosen.encoder, "mode", ""))
            held = Held(Listed(*wanted[:2], name, mode, chosen.fitted_on, home=wanted[2]))
        outside = None if chosen.encoder is None else self._outside(held.listed, chosen.encoder.dimension)
        if outside is not None and len(outside) < sum(int(own.sum()) for own in held.alive):  # it was taken away
            held = Held(replace(held.listed, last=0, parts=()))
        return held

    def _show(self, held: Held, *, whole: bool = False) -> None:
        """Have it searched; one that is made anew not before it is as large as the old one, or `whole`."""
        encoder = self._chosen.encoder if self._chosen else None
        outside = None if encoder is None else self._outside(held.listed, encoder.dimension)
        new = Lists(held, self._stems, encoder, outside)
        if whole or new.size >= self._lists.size:
            self._lists = new
        if whole and outside is not None:
            keep_table(outside.place)

    def _outside(self, listed: Listed, width: int, *, empty: bool = False) -> NumberedVectors | None:
        """The table of the vectors, if LanceDB keeps them."""
        place = vectors_place(self.folder, listed.encoder) if listed.home else None
        return None if place is None else numbered_vectors(place, width, empty=empty)

    def _taken(self, store: Store, held: Held, run: Sequence[tuple[int, int]]) -> Held:
        """The index with one run of changes."""
        numbers = [paper for _, paper in run]
        papers, sources = papers_told(store, numbers)
        encoder = None if self._chosen is None else self._chosen.encoder
        X = None
        if encoder is not None:
            texts = [text_of(paper) for paper in papers]
            X = encode(texts, encoder) if texts else np.zeros((0, encoder.dimension), np.float32)
            X = normalize_rows(np.asarray(X))
        gone = sorted(set(numbers) - {paper["id"] for paper in papers})
        outside = None
        if X is not None and (outside := self._outside(held.listed, X.shape[1], empty=not held.parts)) is not None:
            outside.put(np.array([paper["id"] for paper in papers], dtype=np.int64), rounded(X))
            X = None  # a part holds the words alone then
        held = self._shelf.add(held, make_part(papers, sources, gone, self._stems, X), run[-1][0])
        if outside is not None:  # after the list, which a kill may leave as it was
            outside.remove(np.array(gone, dtype=np.int64))
            outside.settle()
        return held

    def find(self, query: PaperQuery, top: int = TOP) -> PaperHits:
        """The `top` papers that fit a query best; fewer where fewer are found. Papers it names are not among them.

        Cost: O(N D / 64) for N papers, and O(P) for P mentions of the query's words.

        Raises:
            InputError: The query names an unknown paper, nothing is left of it without what it shall not be like, or
                `top` is under 1.
        """
        if top < 1:
            raise InputError(f"the number of papers to find must be at least 1, not {top}")
        lists = self._lists
        allowed = lists.allowed(query)
        if not query.text.strip() and not query.like:
            found = lists.newest(allowed, top)
            total = sum(int(own.sum()) for own in allowed)
            nothing = np.full(len(found.places), -np.inf)
            return PaperHits(lists.told(found.places)[0], found.scores, nothing, nothing, total)
        vector = self._vector(lists, query)
        weights = lists.weights(query, own_words=vector is None)
        most = max(CANDIDATES, top)
        words, holding = lists.by_words(weights, allowed, most)
        dense = (
            lists.by_vector(vector, allowed, most) if vector is not None else Found(words.places[:0], words.scores[:0])
        )
        best = _fused([words, dense], top)
        told = np.full(len(best.places), -np.inf)
        _place(words, best.places, told)
        total = holding if query.text.strip() else sum(int(own.sum()) for own in allowed)
        papers, _ = lists.told(best.places)
        return PaperHits(papers, best.scores, told, lists.cosines(best.places, vector), total)

    def neighbours(self, paper: int, top: int = 6) -> PaperHits:
        """The papers most like one.

        Raises:
            InputError: There is no such paper.
        """
        return self.find(PaperQuery(like=(paper,)), top)

    def vectors(self, papers: Sequence[int]) -> NDArray[np.float32]:
        """Vectors (M, D) of papers, of length 1 or 0, as exact as 8 bits are; (M, 0) where words alone are searched.

        Raises:
            InputError: There is no such paper.
        """
        return self._lists.vectors(papers)

    def marks(self, text: str, query: str) -> list[tuple[int, int]]:
        """Where (begin, end) a text holds words of a query."""
        return self._stems.spans(text, frozenset(self._stems.tokens([query])[0]))

    def _vector(self, lists: Lists, query: PaperQuery) -> NDArray[np.float64] | None:
        """The query as a vector (D,) of length 1; None where vectors are not searched, or say nothing of it."""
        if lists.encoder is None:
            return None
        wanted = lists.vectors(query.like)
        if query.text.strip():
            wanted = np.concatenate([wanted, encode([query.text], lists.encoder, cache=False)])
        return edited_query(wanted, lists.vectors(query.unlike)) if wanted.any() else None


def _fused(lists: Sequence[Found], top: int) -> Found:
    """The best of several lists together, by their ranks; of a single one by its scores."""
    told = [one for one in lists if len(one.places)]
    if len(told) < 2:
        return Found(told[0].places[:top], told[0].scores[:top]) if told else lists[0]
    places = np.unique(np.concatenate([one.places for one in told]))
    every = np.full((len(told), len(places)), -np.inf)
    for one, row in zip(told, every, strict=True):
        row[np.searchsorted(places, one.places)] = one.scores
    scores = rank_fusion(every, k=K, weights=[(K + 1) / len(told)] * len(told))
    order = np.argsort(-scores, kind="stable")[:top]
    return Found(places[order], scores[order])


def _place(found: Found, places: NDArray[np.int64], into: NDArray[np.float64]) -> None:
    """Write the scores of a list to where its places stand among others."""
    order = np.argsort(found.places)
    at = np.searchsorted(found.places, places, sorter=order)
    inside = np.flatnonzero(at < len(order))
    hit = inside[found.places[order[at[inside]]] == places[inside]]
    into[hit] = found.scores[order[at[hit]]]
