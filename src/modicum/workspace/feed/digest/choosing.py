"""Which papers a digest holds: for each subscription a few that are new to the reader, best first.

Of what is trending, the top of the list; of a keyword, papers of its page that came lately; of a saved search, those
that hold all the words; of a tag, papers that came lately and rank high among all recent ones by what the tag is on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from modicum.core.protocols import Encoder
from modicum.data.search import BM25
from modicum.data.search.stems import WORD
from modicum.encoders import encode, resolve
from modicum.workspace.feed.keywords import Keywords
from modicum.workspace.feed.library import Library, Paper
from modicum.workspace.feed.ranking import rank_by_likes
from modicum.workspace.feed.readers import Marks, Reader, Readers, Subscription
from modicum.workspace.feed.readers.store import DAY
from modicum.workspace.feed.search.encoding import WORDS_ALONE
from modicum.workspace.feed.search.part import text_of

WINDOW = {"daily": 3 * DAY, "weekly": 14 * DAY}
"""Seconds for which a paper counts as new; longer than a period, for runs that were late."""
TRENDING = 20
"""Places of the list of what is trending that are looked at."""
PAPERS, ALL = 10, 40
"""Papers of a subscription, and of a digest."""
RECENT, TOP = 2_000, 50
"""Papers that those for a tag are ranked among, and the places that count."""
LATEST = 20_000
"""New papers that are looked through."""


@dataclass(frozen=True)
class Part:
    """Papers of one subscription."""

    heading: str
    papers: tuple[int, ...]
    reasons: tuple[str, ...]
    """Why each is there; empty where the heading says it."""

    def to_list(self) -> list[Any]:
        """JSON-able form."""
        return [self.heading, list(self.papers), list(self.reasons)]


class Chooser:
    """Chooses papers for any number of readers at one time; what they have in common is looked up once.

    Args:
        readers: The readers of the feed.
        library: The feed.
        now: Seconds since 1970.
        encoder: What ranks papers for tags; `none` for words alone.
    """

    def __init__(self, readers: Readers, library: Library, now: float, encoder: str | Encoder | None = None) -> None:
        self.readers, self.library, self.now = readers, library, now
        self.encoder: str | Encoder | None = "hashed" if encoder == WORDS_ALONE else encoder
        self._new: dict[str, list[Paper]] = {}
        self._index: dict[str, BM25] = {}
        self._found: dict[tuple[str, str, str], list[int]] = {}

    def parts(self, reader: Reader, wanted: Sequence[Subscription], told: Collection[int]) -> list[Part]:
        """What is new for a reader, by subscription; those for which nothing is new are left out.

        Args:
            reader: Whom it is for.
            wanted: The reader's subscriptions.
            told: Numbers of the papers that the reader had before.
        """
        marks, parts = Marks(self.readers, reader), list[Part]()
        without = {*told, *marks.hidden()}
        for one in wanted:
            reasons = self._tagged(marks, one) if one.kind == "tag" else dict.fromkeys(self._common(one), "")
            room = min(PAPERS, ALL - sum(len(part.papers) for part in parts))
            kept = [number for number in reasons if number not in without][:room]
            without.update(kept)
            if kept:
                parts.append(Part(heading(one), tuple(kept), tuple(reasons[number] for number in kept)))
        return parts

    def _common(self, one: Subscription) -> list[int]:
        """Numbers of papers that are the same for all readers of a subscription."""
        key = (one.kind, one.what, one.every)
        if key not in self._found:
            if one.kind == "trending":
                found = self.library.trending(0, TRENDING, self.now).papers
            elif one.kind == "keyword":
                page = frozenset() if one.gone else frozenset(Keywords(self.readers).papers(int(one.what)))
                found = tuple(paper for paper in self._latest(one.every) if paper.number in page)
            else:
                found = self._searched(one)
            self._found[key] = [paper.number for paper in found]
        return self._found[key]

    def _searched(self, one: Subscription) -> tuple[Paper, ...]:
        """New papers that hold every word of a search, best first."""
        papers = self._latest(one.every)
        if one.every not in self._index:
            self._index[one.every] = BM25([text_of(vars(paper)) for paper in papers])
        index = self._index[one.every]
        words = [word for word in WORD.findall(one.what.lower()) if index.spans(word, word)]
        if not words:
            return ()
        holds = np.all([index.scores(word) > 0 for word in words], axis=0)
        order = np.argsort(-index.scores(one.what), kind="stable")
        return tuple(papers[row] for row in order if holds[row])

    def _tagged(self, marks: Marks, one: Subscription) -> dict[int, str]:
        """New papers that rank high by what a tag is on, with the phrases that raised them."""
        tagged = marks.tagged(one.what)
        among = {paper.number: paper for paper in (*self._recent, *self.library.papers(tagged))}
        numbers = list(among)
        likes = [numbers.index(number) for number in tagged if number in among]
        new = {paper.number for paper in self._latest(one.every)}
        if not likes or not new - set(tagged) or len(likes) == len(numbers):
            return {}
        texts = [text_of(vars(paper)) for paper in among.values()]
        X = np.asarray(encode(texts, resolve(self.encoder, texts)))
        found = rank_by_likes(texts, X, likes, top=TOP)
        ranked = [numbers[row] for row in found.rows.tolist()]
        return {
            number: ", ".join(phrases) for number, phrases in zip(ranked, found.phrases, strict=True) if number in new
        }

    @cached_property
    def _recent(self) -> list[Paper]:
        return self.library.newest(0, RECENT)

    def _latest(self, every: str) -> list[Paper]:
        """Papers that came lately, the last first."""
        if every not in self._new:
            query = "SELECT id FROM feed.papers WHERE seen >= ? ORDER BY seen DESC, id DESC LIMIT ?"
            rows = self.readers.rows(query, self.now - WINDOW[every], LATEST)
            self._new[every] = self.library.papers([row["id"] for row in rows])
        return self._new[every]


def heading(one: Subscription) -> str:
    """What a part of a digest is called.

    Example:
        >>> heading(Subscription(1, "keyword", "12", "daily", "few labels"))
        'Keyword few labels'
    """
    names = {"trending": "Trending", "tag": "For your tag ", "keyword": "Keyword ", "search": "Search "}
    return names[one.kind] + one.name
