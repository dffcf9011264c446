"""A list of papers as a page, as JSON and as Atom: one address, three endings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from modicum.serve.feed.asking import PAGES, PAPERS, page_of
from modicum.serve.feed.rendering import address, day_words, place_of, rendered
from modicum.serve.feed.site import Site
from modicum.workspace.feed.library import Paper

ENDINGS = ("", ".json", ".atom")
HTML, JSON, ATOM = "text/html; charset=utf-8", "application/json", "application/atom+xml; charset=utf-8"


@dataclass(frozen=True)
class Listing:
    """Some papers under a title."""

    title: str
    path: str
    """Path of the page, without an ending."""
    papers: Sequence[Paper]
    query: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that belong to the list."""
    page: int = 1
    more: bool = False
    """Whether another page follows."""
    total: int | None = None
    scores: Mapping[int, float] = field(default_factory=dict)
    reasons: Mapping[int, Any] = field(default_factory=dict)
    """Why papers are in the list, by number."""
    template: str = "list.html.j2"
    by_day: bool = False
    lead: str = ""
    """A sentence under the title."""
    further: Sequence[Paper] = ()
    """Papers that the page shows beside the list."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the page's template needs beside."""
    count: int | None = None
    """How many papers a page has, where another number than usual was asked for."""

    def at(self, ending: str = "", page: int | None = None) -> str:
        """Address of the list, on this page or another, in another form."""
        number = self.page if page is None else page
        told = {**self.query, "count": self.count, "page": number if number > 1 else None}
        return address(f"{self.path}{ending}", **told)

    @property
    def groups(self) -> list[tuple[str, list[Paper]]]:
        """Papers under their days, or all under no heading."""
        if not self.by_day:
            return [("", list(self.papers))]
        return [(day_words(day, weekday=True), list(few)) for day, few in groupby(self.papers, lambda one: one.day)]


def lists(router: APIRouter, path: str) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Register an endpoint that answers with `answer` under a path and its endings."""

    def register(endpoint: Callable[..., Response]) -> Callable[..., Response]:
        for ending in ENDINGS:
            router.add_api_route(path + ending, endpoint, methods=["GET"], response_class=Response)
        return endpoint

    return register


def paged(request: Request, listing: Listing) -> Listing:
    """The list as its links need it: further pages are as long as this one, and none follows the last that is shown."""
    _, count = page_of(request)
    return replace(listing, count=None if count == PAPERS else count, more=listing.more and listing.page < PAGES)


def answer(site: Site, request: Request, listing: Listing) -> Response:
    """The list in the form that the ending of the address asks for."""
    listing = paged(request, listing)
    if request.url.path.endswith(".json"):
        return json_answer(listing_facts(site, request, listing))
    if request.url.path.endswith(".atom"):
        return Response(atom(site, request, listing), media_type=ATOM)
    beside = replace(site.beside(request, [*listing.papers, *listing.further]), reasons=listing.reasons)
    body = site.page(request, listing.template, listing=listing, title=listing.title, beside=beside, **listing.told)
    return Response(body, media_type=HTML)


def json_answer(told: Any, status: int = 200) -> Response:
    """Facts as JSON."""
    return Response(
        json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"), status, media_type=JSON
    )


def listing_facts(site: Site, request: Request, listing: Listing) -> dict[str, Any]:
    """A list as JSON tells it."""
    base, topics = site.base(request), site.topics.of([paper.number for paper in listing.papers])
    return {
        "title": listing.title,
        "address": base + listing.at(),
        "page": listing.page,
        "next": base + listing.at(".json", listing.page + 1) if listing.more else None,
        "total": listing.total,
        "papers": [
            paper_facts(base, paper)
            | {"keywords": [topic.name for topic in topics.get(paper.number, ())]}
            | ({"score": round(listing.scores[paper.number], 6)} if paper.number in listing.scores else {})
            | ({"reason": listing.reasons[paper.number].to_dict()} if paper.number in listing.reasons else {})
            for paper in listing.papers
        ],
    }


def paper_facts(base: str, paper: Paper) -> dict[str, Any]:
    """A paper as JSON tells it."""
    return {
        "number": paper.number,
        "address": f"{base}/paper/{paper.number}",
        "title": paper.title,
        "authors": list(paper.authors),
        "date": paper.day if paper.dated else None,
        "first_read": None if paper.dated else paper.day,
        "abstract": paper.abstract,
        "url": paper.url,
        "identifiers": {name: place_of(name)[1] for name in paper.identifiers},
        "tags": list(paper.tags),
        "votes": paper.votes,
        "mentions": paper.mentions,
    }


def atom(site: Site, request: Request, listing: Listing) -> str:
    """A list as an Atom feed."""
    now = datetime.fromtimestamp(site.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    topics = site.topics.of([paper.number for paper in listing.papers])
    told = {"base": site.base(request), "listing": listing, "topics": topics, "name": site.name}
    return rendered("atom.xml.j2", **told, now=now, moment=_moment)


def _moment(day: str) -> str:
    return f"{day}{'-01-01'[len(day) - 4 :] if len(day) < 10 else ''}T00:00:00Z"
