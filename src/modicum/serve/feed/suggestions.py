"""What a reader may like: papers ranked by likes or by the papers of a tag, each with its reason; kept until either changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from modicum.workspace.feed import rank_by_likes
from modicum.workspace.feed.library import Filters, Library, Paper
from modicum.workspace.feed.search import PaperQuery, PaperSearch

TOP, MANY = 100, 5_000
"""Suggestions that are kept, and papers that are ranked: of more, those nearest to the likes."""
KEPT = 200
"""Rankings that are kept."""
LIKES = 50
"""Likes by which papers are looked for where there are many."""


@dataclass(frozen=True)
class Reason:
    """Why a paper is suggested."""

    near: tuple[Paper, ...]
    """Liked or tagged papers that it is nearest to."""
    phrases: tuple[str, ...]
    """Phrases that raised it."""

    def to_dict(self) -> dict[str, list[int] | list[str]]:
        """JSON-able form."""
        return {"near": [paper.number for paper in self.near], "phrases": list(self.phrases)}


@dataclass(frozen=True)
class Suggested:
    """A suggestion."""

    number: int
    score: float
    near: tuple[int, ...]
    phrases: tuple[str, ...]


class Suggesting:
    """Ranks papers by a few, and keeps what was ranked.

    Args:
        library: The feed.
        search: Its search, which has the vectors.
    """

    def __init__(self, library: Library, search: PaperSearch) -> None:
        self._library, self._search = library, search
        self._kept: OrderedDict[tuple[int, ...], tuple[Suggested, ...]] = OrderedDict()
        self._turn = threading.Lock()

    def forget(self) -> None:
        """Drop what was ranked, as papers changed."""
        self._kept.clear()

    def by(self, likes: Collection[int]) -> tuple[Suggested, ...]:
        """Papers ranked by some; none where there are none, or all are liked, or vectors are not there."""
        known = tuple(sorted(number for number in likes if number in self._search))
        with self._turn:  # one ranking at a time: each uses the whole machine
            found = self._kept.pop(known, None)
            if found is None:
                found = self._ranked(known) if known else ()
            self._kept[known] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def _ranked(self, likes: Sequence[int]) -> tuple[Suggested, ...]:
        papers = self._library.papers(self._candidates(likes))
        papers = [paper for paper in papers if paper.number in self._search]
        numbers = [paper.number for paper in papers]
        place = {number: row for row, number in enumerate(numbers)}
        rows = [place[number] for number in likes if number in place]
        X = self._search.vectors(numbers)
        if not 0 < len(rows) < len(numbers) or not X.any():
            return ()
        found = rank_by_likes([f"{paper.title}. {paper.abstract}" for paper in papers], X, rows, top=TOP)
        told = zip(found.rows.tolist(), found.scores.tolist(), found.likes.tolist(), found.phrases, strict=True)
        return tuple(
            Suggested(numbers[row], score, tuple(numbers[one] for one in near), phrases)
            for row, score, near, phrases in told
        )

    def _candidates(self, likes: Sequence[int]) -> list[int]:
        if len(self._search) <= MANY:
            return self._library.numbers(Filters())
        found = self._search.find(PaperQuery(like=tuple(likes[:LIKES])), MANY)
        return [*likes, *(int(number) for number in found.papers)]
