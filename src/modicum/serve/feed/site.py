"""The site: what it shows, who looks at it, and what every page needs to know."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import Request

from modicum.serve.feed.people import People
from modicum.serve.feed.rendering import rendered
from modicum.serve.pages import assets_of
from modicum.workspace.feed.keywords import Keywords, PaperMap
from modicum.workspace.feed.library import Library, Paper
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.search.shelf import Listed
from modicum.workspace.feed.store import Store
from modicum.workspace.feed.tags import Tag, TagFitter, forget_tags

NAME = "modicum feed"
PLACES = (
    ("/", "Front page"),
    ("/trending", "Trending"),
    ("/newest", "Newest"),
    ("/keywords", "Keywords"),
)
"""Pages that are told of at the top of each page."""
OWN = (("/for-you", "For you"), ("/tags", "Tags"), ("/account", "Account"))
"""And those of a reader."""
GUEST = (("/sign-in", "Sign in"),)
"""And those of whoever may become one."""
NEAR, FEW = 6, 2
"""Similar papers on a paper's page, and in a list."""
PATIENCE = 0.04
"""Seconds that a list may take to find similar papers."""
WARM = 100
"""Trending and newest papers whose neighbours are found before anyone looks."""


@dataclass(frozen=True)
class Beside:
    """What a list tells of papers beside themselves, by their numbers."""

    back: str
    """Address to which forms lead back."""
    marks: Mapping[int, Any] = field(default_factory=dict)
    """What the reader says of each; none where nobody is signed in."""
    similar: Mapping[int, list[Paper]] = field(default_factory=dict)
    topics: Mapping[int, Any] = field(default_factory=dict)
    found: Mapping[int, Any] = field(default_factory=dict)
    """Titles and first lines with the words of a query marked."""
    reasons: Mapping[int, Any] = field(default_factory=dict)
    """Why each is in the list."""
    asked: Any = None
    """The search that the list answers."""


@dataclass
class Site:
    """A feed as a web site."""

    library: Library
    search: PaperSearch
    people: People
    name: str = NAME
    editors: frozenset[str] = frozenset()
    """E-mail addresses of the readers who may edit keywords; the reader of a feed that has one alone may always."""
    address: str | None = None
    """Address under which readers know the site; None for that of each request."""
    clock: Callable[[], float] = time.time
    trouble: str = ""
    """Why the search does not work; empty where it does."""
    fitter: TagFitter | None = None
    """What learns tags in the background."""
    _warm: int = -1
    generation: int = 0
    """How often papers changed while the site ran."""
    _searched: Listed = field(default_factory=Listed)
    _near: dict[int, list[int]] = field(default_factory=dict)
    _learnt: dict[tuple[int, str], tuple[int, ...]] = field(default_factory=dict)
    assets: Mapping[str, bytes] = field(default_factory=lambda: assets_of(__package__))

    @cached_property
    def version(self) -> str:
        """What the addresses of scripts and styles change with."""
        told = hashlib.sha256(b"".join(name.encode() + self.assets[name] for name in sorted(self.assets)))
        return told.hexdigest()[:12]

    def base(self, request: Request) -> str:
        """How absolute addresses begin."""
        return (self.address or str(request.base_url)).rstrip("/")

    def page(self, request: Request, template: str, **told: Any) -> str:
        """A page with all that is around it."""
        marks = self.people.visitor(request).marks
        around = {
            "tags": list(marks.tags()) if marks else None,
            "name": self.name,
            "static": f"/static/{self.version}",
            "places": (*PLACES, *(OWN if marks else GUEST)),
            "path": request.url.path,
            "words_alone": self.words_alone,
        }
        return rendered(template, **around, **told)

    @cached_property
    def store(self) -> Store:
        """The feed, for what is kept beside its papers."""
        return Store.open(self.library.folder)

    @cached_property
    def topics(self) -> Keywords:
        """The feed's keywords."""
        return Keywords(self.store)

    @cached_property
    def places(self) -> PaperMap:
        """Where papers lie on the feed's map."""
        return PaperMap(self.store)

    @property
    def searchable(self) -> bool:
        """Whether papers can be searched by now."""
        return len(self.search) > 0

    @property
    def words_alone(self) -> bool:
        """Whether there are no vectors, by which papers are put on pages of keywords and on the map, and suggested."""
        return self.searchable and self.search.encoder is None

    def changed(self) -> None:
        """Hear that the search works, and may have taken in changes; another process may have put them in the index."""
        self.trouble = ""
        if self.search.listed != self._searched:
            self._searched = self.search.listed
            self._near = {}
            self.generation += 1

    def learn(self, tag: Tag) -> None:
        """Have a tag be learnt in the background, unless it was just as it stands; one without papers is forgotten."""
        key = (tag.reader, tag.name)
        if self.fitter is None or self._learnt.get(key) == tag.tagged:
            return
        if tag.tagged:
            self._learnt[key] = tag.tagged
        else:
            self._learnt.pop(key, None)
        self.fitter.note(tag)

    def forgotten(self, reader: int) -> None:
        """Hear that a reader was removed: nothing that was learnt of their tags stays, or comes later."""
        for key in list(self._learnt):
            if key[0] == reader:
                self._learnt.pop(key, None)
        if self.fitter is not None:
            self.fitter.forget(reader)
        forget_tags(self.library.folder, reader)
        self.people.forgotten()

    def hidden(self, request: Request) -> frozenset[int]:
        """Numbers of the papers that whoever asks does not want to see."""
        marks = self.people.visitor(request).marks
        return frozenset(marks.hidden()) if marks else frozenset()

    def may_edit(self, request: Request) -> bool:
        """Whether whoever asks may edit what belongs to all readers."""
        reader = self.people.visitor(request).reader
        if reader is None:
            return False
        known = {email.lower() for email in self.editors}  # accounts go by no case either
        return self.people.single or (reader.email or "").lower() in known

    def neighbours(self, number: int, without: Collection[int], most: int = NEAR) -> list[Paper]:
        """Papers most like one, nearest first."""
        near = self._nearest(number)
        return self.library.papers([one for one in near if one not in without][:most])

    def similar(self, numbers: Sequence[int], without: Collection[int]) -> dict[int, list[Paper]]:
        """Two papers like each of these. What cannot be found within a moment is left for the next look."""
        end, near = time.perf_counter() + PATIENCE, dict[int, list[int]]()
        for number in numbers:
            if number in self._near or time.perf_counter() < end:
                near[number] = [one for one in self._nearest(number) if one not in without][:FEW]
        papers = {one.number: one for one in self.library.papers([one for some in near.values() for one in some])}
        return {number: [papers[one] for one in some if one in papers] for number, some in near.items()}

    def warm(self, stop: Callable[[], bool]) -> None:
        """Find the neighbours of the papers that are looked at first, unless told to stop."""
        if self._warm != self.generation:
            self._warm = self.generation
            first = [*self.library.trending(0, WARM, self.clock()).papers, *self.library.newest(0, WARM)]
            for paper in first:
                if stop():
                    return
                self._nearest(paper.number)

    def _nearest(self, number: int) -> list[int]:
        near = self._near  # papers may change meanwhile, and what is found here is then of the past
        found = near.get(number)
        if found is None:
            if number not in self.search:
                return []
            found = self.search.neighbours(number, 2 * NEAR).papers.tolist()
            near[number] = found
        return found

    def beside(self, request: Request, papers: Iterable[Paper]) -> Beside:
        """What a list tells of papers beside themselves."""
        numbers = list(dict.fromkeys(paper.number for paper in papers))
        marks = self.people.visitor(request).of(numbers)
        similar = self.similar(numbers, self.hidden(request))
        return Beside(_here(request), marks, similar, self.topics.of(numbers))


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"
