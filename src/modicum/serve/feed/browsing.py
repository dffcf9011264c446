"""The pages that anyone may look at: the front page, what is trending, what is new, and each paper."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from modicum.serve.feed.asking import PAPERS, day_in, optional, page_of
from modicum.serve.feed.lists import HTML, Listing, answer, json_answer, lists, paper_facts
from modicum.serve.feed.mapping import around
from modicum.serve.feed.readable import readable
from modicum.serve.feed.site import Site
from modicum.workspace.feed.library import Filters, Trending
from modicum.workspace.feed.trending import HALF_LIFE, MENTION

FEW = 5
"""Trending papers on the front page."""
KEYWORDS = 12
"""Keywords beside it."""
FORMULA = {"half_life": f"{HALF_LIFE:g}", "mention": f"{MENTION:g}"}


def filters_of(request: Request) -> tuple[Filters, dict[str, str | int]]:
    """Filters that an address names, and its parameters."""
    told = request.query_params
    since, until, source = day_in(told, "since"), day_in(told, "until"), optional(told, "source")
    named = {"since": since, "until": until, "source": source}
    return Filters(since, until, source), {name: value for name, value in named.items() if value is not None}


def browsing(site: Site) -> APIRouter:
    """Routes of the front page and of the two lists it begins."""
    router = APIRouter()
    router.include_router(_front(site))
    router.include_router(_both(site))
    return router


def _front(site: Site) -> APIRouter:
    router = APIRouter()

    @router.get("/", response_class=Response)
    def front(request: Request) -> Response:
        without = site.hidden(request)
        trending = site.library.trending(0, FEW, site.clock(), Filters(without=without))
        newest = site.library.newest(0, PAPERS + 1, Filters(without=without))
        shown = [*trending.papers, *newest[:PAPERS]]
        told = {
            "title": site.name,
            "trending": Listing("Trending", "/trending", trending.papers, scores=_scores(trending)),
            "newest": Listing("Newest", "/newest", newest[:PAPERS], by_day=True, more=len(newest) > PAPERS),
            "formula": FORMULA,
            "total": site.library.count(),
            "sources": site.library.sources(),
            "keywords": site.topics.all()[:KEYWORDS],
        }
        body = site.page(request, "front.html.j2", beside=site.beside(request, shown), **told)
        return Response(body, media_type=HTML)

    return router


def _both(site: Site) -> APIRouter:
    """What is trending, and what is new."""
    router = APIRouter()

    @lists(router, "/trending")
    def trending(request: Request) -> Response:
        filters, query = filters_of(request)
        page, count = page_of(request)
        filters = replace(filters, without=site.hidden(request))
        found = site.library.trending((page - 1) * count, count, site.clock(), filters)
        more, told = found.of > page * count, {"formula": FORMULA}
        listing = Listing("Trending", "/trending", found.papers, query, page, more, found.of, _scores(found), told=told)
        return answer(site, request, replace(listing, template="trending.html.j2"))

    @lists(router, "/newest")
    def newest(request: Request) -> Response:
        filters, query = filters_of(request)
        page, count = page_of(request)
        filters = replace(filters, without=site.hidden(request))
        found = site.library.newest((page - 1) * count, count + 1, filters)
        total, more = site.library.count(filters), len(found) > count
        listing = Listing("Newest", "/newest", found[:count], query, page, more, total, by_day=True)
        return answer(site, request, listing)

    return router


def papers(site: Site) -> APIRouter:
    """Routes of each paper's page."""
    router = APIRouter()

    @router.get("/paper/{number:number}.json", response_class=Response)
    @router.get("/paper/{number:number}", response_class=Response)
    def paper(request: Request, number: int) -> Response:
        ending = ".json" if request.url.path.endswith(".json") else ""
        today = site.library.standing(number)
        if today != number:
            return RedirectResponse(f"/paper/{today}{ending}", 301)
        found = site.library.papers([number])
        if not found:
            raise HTTPException(404, "there is no such paper")
        entries, near = site.library.entries(number), site.neighbours(number, site.hidden(request))
        if ending:
            base = site.base(request)
            facts = paper_facts(base, found[0]) | {"similar": [paper_facts(base, one) for one in near]}
            told = ("name", "url", "date", "votes", "mentions")
            return json_answer(facts | {"sources": [{name: entry[name] for name in told} for entry in entries]})
        beside = site.beside(request, [*found, *near])
        shown = {"title": readable(found[0].title), "paper": found[0], "near": near, "entries": entries}
        shown |= {"around": around(site.places, found[0], near)}
        return Response(site.page(request, "paper.html.j2", beside=beside, **shown), media_type=HTML)

    return router


def _scores(found: Trending) -> dict[int, float]:
    return {paper.number: score for paper, score in zip(found.papers, found.scores, strict=True)}
