"""The site: what it shows, who looks at it, and what every page needs to know."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fastapi import Request

from modicum.serve.feed.rendering import rendered
from modicum.serve.pages import assets_of
from modicum.workspace.feed.library import Library, Paper

NAME = "modicum feed"
PLACES = (("/", "Front page"), ("/trending", "Trending"), ("/newest", "Newest"), ("/search", "Search"))
"""Pages that are told of at the top of each page."""


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
    name: str = NAME
    address: str | None = None
    """Address under which readers know the site; None for that of each request."""
    clock: Callable[[], float] = time.time
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
        around = {
            "name": self.name,
            "static": f"/static/{self.version}",
            "places": PLACES,
            "path": request.url.path,
            "back": _here(request),
        }
        return rendered(template, **around, **told)

    def hidden(self, request: Request) -> frozenset[int]:
        """Numbers of the papers that whoever asks does not want to see."""
        return frozenset()

    def neighbours(self, number: int, without: frozenset[int]) -> list[Paper]:
        """Papers most like one."""
        return []

    def beside(self, request: Request, papers: Iterable[Paper]) -> Beside:
        """What a list tells of papers beside themselves."""
        return Beside(back=_here(request))


def _here(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}"
