"""What a reader may like, or a tag may fit: ranked papers, each with its reason, kept until anything of it changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request

from modicum.serve.feed.site import Site
from modicum.workspace.feed.library import Paper
from modicum.workspace.feed.tags import Tag, TagSuggestions, suggest_for_tag

LIKES = ""
"""In the place of a tag's name: what a reader likes."""
TOP = 100
"""Suggestions that are kept."""
KEPT = 200
"""Rankings that are kept."""


@dataclass(frozen=True)
class Reason:
    """Why a paper is suggested."""

    near: tuple[Paper, ...]
    """Liked or tagged papers that it is nearest to."""
    phrases: tuple[str, ...]
    """Phrases that raised it."""
    probability: float | None = None
    """That the tag fits, by what was learnt of it."""

    def to_dict(self) -> dict[str, object]:
        """JSON-able form."""
        return {
            "near": [paper.number for paper in self.near],
            "phrases": list(self.phrases),
            "probability": self.probability,
        }


@dataclass(frozen=True)
class Suggested:
    """Papers with reasons and scores, best first."""

    papers: tuple[Paper, ...]
    reasons: dict[int, Reason]
    scores: dict[int, float]
    by: str
    """`likes` or `bundle`."""


class Suggesting:
    """Ranks papers for a tag, and keeps what was ranked.

    Args:
        site: The site.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._kept: OrderedDict[tuple[object, ...], TagSuggestions] = OrderedDict()
        self._turn = threading.Lock()

    def of(self, request: Request, name: str = LIKES, most: int = TOP) -> Suggested:
        """What fits a tag, or the likes of whoever asks; neither hidden papers nor those that have it.

        Raises:
            HTTPException: It is a guest.
        """
        tag = tag_of(self._site, request, name)
        found = self._ranked(tag)
        numbers = found.papers.tolist()
        near = {number: found.near[row].tolist() for row, number in enumerate(numbers[:most])}
        papers = self._site.library.papers([*near, *(one for some in near.values() for one in some)])
        known = {paper.number: paper for paper in papers}
        reasons, scores = dict[int, Reason](), dict[int, float]()
        for row, number in enumerate(near):
            liked = tuple(known[one] for one in near[number] if one in known)
            sure = None if found.probabilities is None else round(float(found.probabilities[row]), 4)
            reasons[number] = Reason(liked, found.phrases[row], sure)
            scores[number] = float(found.scores[row])
        return Suggested(tuple(known[number] for number in near if number in known), reasons, scores, found.by)

    def _ranked(self, tag: Tag) -> TagSuggestions:
        key = (tag, self._site.generation, _stamp(tag.place(self._site.library.folder)))
        with self._turn:  # one ranking at a time: each takes what the machine has
            found = self._kept.pop(key, None)
            if found is None:
                found = suggest_for_tag(self._site.store, self._site.search, tag, top=TOP)
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


def tag_of(site: Site, request: Request, name: str) -> Tag:
    """A tag of whoever asks, as it stands; under no name the likes.

    Raises:
        HTTPException: It is a guest.
    """
    marks = site.people.marks(request)
    return Tag(marks.reader, name, tuple(marks.tagged(name) if name else marks.liked()), tuple(marks.hidden()))


def _stamp(place: Path) -> int:
    """What changes when a tag is learnt anew."""
    return place.stat().st_mtime_ns if place.is_dir() else 0
