"""A reader's own pages: what was liked, hidden, tagged and noted, and what is suggested by it, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from modicum.serve.feed.asking import page_of, text_in
from modicum.serve.feed.lists import HTML, Listing, answer, json_answer, lists
from modicum.serve.feed.site import Site
from modicum.serve.feed.suggestions import Reason
from modicum.workspace.feed.library import Paper

SHOWN = 10
"""Suggestions for a tag, above its papers."""


def own(site: Site) -> APIRouter:
    """Routes of lists that belong to a reader."""
    router = APIRouter()

    @lists(router, "/likes")
    def likes(request: Request) -> Response:
        lead = "What you like is what suggestions are ranked by."
        return _kept(site, request, "Likes", site.people.marks(request).liked(), lead)

    @lists(router, "/hidden")
    def hidden(request: Request) -> Response:
        lead = "These are in no list but this one."
        return _kept(site, request, "Hidden", site.people.marks(request).hidden(), lead)

    @lists(router, "/notes")
    def notes(request: Request) -> Response:
        return _kept(site, request, "Notes", site.people.marks(request).noted(), "Papers that you wrote a note on.")

    @lists(router, "/for-you")
    def for_you(request: Request) -> Response:
        liked = site.people.marks(request).liked()
        found, reasons, scores = suggested(site, request, liked, 1 << 30)
        page, count = page_of(request)
        shown = found[(page - 1) * count : page * count]
        lead = f"Ranked by {len(liked):,} {'like' if len(liked) == 1 else 'likes'}, the best first."
        more = len(found) > page * count
        listing = Listing("For you", "/for-you", shown, {}, page, more, None, scores, reasons, "for_you.html.j2", lead=lead)
        told = {"liked": len(liked), "searchable": site.searchable}
        return answer(site, request, replace(listing, told=told))

    @router.get("/tags.json", response_class=Response)
    @router.get("/tags", response_class=Response)
    def tags(request: Request) -> Response:
        marks = site.people.marks(request)
        found = marks.tags()
        if request.url.path.endswith(".json"):
            return json_answer({"tags": found})
        told = {"found": found, "liked": len(marks.liked()), "hidden": len(marks.hidden()), "noted": len(marks.noted())}
        return Response(site.page(request, "tags.html.j2", title="Likes and tags", **told), media_type=HTML)

    @lists(router, "/tag")
    def tag(request: Request) -> Response:
        name = text_in(request.query_params, "name")
        numbers = site.people.marks(request).tagged(name)
        page, count = page_of(request)
        papers = site.library.papers(numbers[(page - 1) * count : page * count])
        found, reasons, scores = suggested(site, request, numbers, SHOWN)
        further = Listing(f"Suggested for {name}", "/tag", found, {"name": name}, reasons=reasons, scores=scores)
        told = {"further": further, "tag": name}
        more = len(numbers) > page * count
        listing = Listing(f"Tag: {name}", "/tag", papers, {"name": name}, page, more, len(numbers), reasons=reasons)
        return answer(site, request, replace(listing, further=found, told=told, template="tag.html.j2"))

    return router


def _kept(site: Site, request: Request, title: str, numbers: Sequence[int], lead: str) -> Response:
    """A list of papers that a reader said something of, the last first."""
    page, count = page_of(request)
    papers, more = site.library.papers(numbers[(page - 1) * count : page * count]), len(numbers) > page * count
    path = f"/{title.lower()}"
    return answer(site, request, Listing(title, path, papers, {}, page, more, len(numbers), lead=lead))


def suggested(
    site: Site, request: Request, by: Collection[int], most: int
) -> tuple[list[Paper], dict[int, Reason], dict[int, float]]:
    """Papers that are like some, neither among them nor hidden, with reasons and scores by number."""
    without = {*site.hidden(request), *by}
    found = [one for one in site.suggesting.by(by) if one.number not in without][:most]
    papers = {one.number: one for one in site.library.papers([number for one in found for number in (one.number, *one.near)])}
    kept = [one for one in found if one.number in papers]
    reasons = {
        one.number: Reason(tuple(papers[number] for number in one.near if number in papers), one.phrases) for one in kept
    }
    return [papers[one.number] for one in kept], reasons, {one.number: one.score for one in kept}
