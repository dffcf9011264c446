"""The search page: a plain form, answered while one types where script runs; filters, like these, not like that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from modicum.core.errors import InputError
from modicum.core.texts import counted
from modicum.serve.feed.asking import day_in, numbers_in, optional, page_of, text_in
from modicum.serve.feed.lists import HTML, Listing, answer, lists, paged
from modicum.serve.feed.readable import readable
from modicum.serve.feed.rendering import address, found_lines, marked
from modicum.serve.feed.site import Site
from modicum.workspace.feed.library import Paper
from modicum.workspace.feed.search import PaperHits, PaperQuery

PAGES = 10
"""Pages of results: who has not found a paper among 200 asks anew."""
PATH = "/search"


@dataclass(frozen=True)
class Asked:
    """What an address asks."""

    q: str = ""
    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()
    since: str | None = None
    until: str | None = None
    source: int | None = None
    keyword: int | None = None

    @classmethod
    def of(cls, request: Request, site: Site) -> Asked:
        """Read an address.

        Raises:
            InputError: A parameter is malformed.
        """
        told = request.query_params
        like, unlike = (tuple(map(site.library.standing, numbers_in(request, name))) for name in ("like", "unlike"))
        days = day_in(told, "since"), day_in(told, "until")
        return cls(text_in(told, "q"), like, unlike, *days, optional(told, "source"), optional(told, "keyword"))

    @property
    def query(self) -> dict[str, Any]:
        """Parameters of the address."""
        return {name: value for name, value in vars(self).items() if value}

    def not_like(self, number: int) -> str:
        """Address of the search that keeps away from a paper, too."""
        return address(PATH, **replace(self, unlike=(*self.unlike, number)).query)

    def named(self, site: Site) -> dict[str, list[dict[str, Any]]]:
        """Papers that the search names, each with the address of the search without it."""
        found: dict[str, list[dict[str, Any]]] = {}
        for kind in ("like", "unlike"):
            numbers = getattr(self, kind)
            for paper in site.library.papers(numbers):
                others = tuple(number for number in numbers if number != paper.number)
                away = address(PATH, **(self.query | {kind: others}))
                found.setdefault(kind, []).append({"paper": paper, "away": away})
        return found


def searching(site: Site) -> APIRouter:
    """Routes of the search page, of its results alone, and of what tells browsers of it."""
    router = APIRouter()

    @lists(router, PATH)
    def search(request: Request) -> Response:
        asked = Asked.of(request, site)
        page, count = page_of(request, PAGES)
        if not site.searchable:
            listing = Listing("Search", PATH, (), asked.query)
            return _shown(site, request, asked, listing, site.trouble or _why_not(site))
        hits = site.search.find(_query(site, asked, request), page * count + 1)
        numbers = hits.papers.tolist()
        scores = dict(zip(numbers, hits.scores.tolist(), strict=True))
        papers = site.library.papers(numbers[(page - 1) * count : page * count])
        more = len(numbers) > page * count and page < PAGES
        listing = Listing(_title(asked), PATH, papers, asked.query, page, more, hits.total, scores)
        return _shown(site, request, asked, listing, _said(site, asked, hits))

    @router.get("/opensearch.xml", response_class=Response)
    def opensearch(request: Request) -> Response:
        told = site.page(request, "opensearch.xml.j2", base=site.base(request))
        return Response(told, media_type="application/opensearchdescription+xml")

    return router


def _query(site: Site, asked: Asked, request: Request) -> PaperQuery:
    among = None if asked.keyword is None else site.topics.papers(asked.keyword)
    days = [None if day is None else date.fromisoformat(day) for day in (asked.since, asked.until)]
    sources = () if asked.source is None else (asked.source,)
    for number in (*asked.like, *asked.unlike):
        if number not in site.search:
            raise InputError(f"the feed has no paper {number}; it may be new, so try again soon")
    typing = request.query_params.get("typing") == "1"
    hidden = site.hidden(request)
    return PaperQuery(asked.q, asked.like, asked.unlike, days[0], days[1], sources, among, typing, hidden)


def _shown(site: Site, request: Request, asked: Asked, listing: Listing, said: str) -> Response:
    """The page, its results alone (`part=results`), or another form."""
    listing = paged(request, listing)
    if request.url.path != PATH:
        return answer(site, request, listing)
    beside = replace(
        site.beside(request, listing.papers),
        back=listing.at(),
        found={paper.number: _marked(site, paper, asked.q) for paper in listing.papers} if asked.q else {},
        asked=asked if asked.q or asked.like else None,
    )
    told: dict[str, Any] = {"listing": replace(listing, scores={}), "beside": beside, "said": said, "query": asked.q}
    if request.query_params.get("part") == "results":
        return Response(site.page(request, "results.html.j2", **told), media_type=HTML)
    told |= {
        "asked": asked,
        "named": asked.named(site),
        "sources": site.library.sources(),
        "keywords": site.topics.all(),
    }
    return Response(site.page(request, "search.html.j2", title=listing.title, **told), media_type=HTML)


def _marked(site: Site, paper: Paper, query: str) -> dict[str, Any]:
    title, abstract = readable(paper.title), readable(paper.abstract)
    return {
        "title": marked(title, site.search.marks(title, query)),
        "lines": found_lines(abstract, site.search.marks(abstract, query)),
    }


def _title(asked: Asked) -> str:
    return f"Search: {asked.q}" if asked.q else "More like these" if asked.like else "Search"


def _why_not(site: Site) -> str:
    return "The search is being prepared; try again soon." if site.library.count() else "There are no papers yet."


def _said(site: Site, asked: Asked, hits: PaperHits) -> str:
    if asked.q:
        held = f"{counted(hits.total, 'paper holds', 'papers hold')} a word of it"
        by = "words" if site.words_alone else "words and meaning"
        return f"{held}; the best by {by} come first." if len(hits.papers) else "Nothing was found."
    if asked.like:
        return "The papers most like those, the nearest first." if len(hits.papers) else "Nothing was found."
    return f"{counted(hits.total, 'paper')}, the newest first."
