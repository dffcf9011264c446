"""A reader's own pages: what was liked, hidden, tagged and noted, and what is suggested by it, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from modicum.core.texts import counted
from modicum.serve.feed.asking import page_of
from modicum.serve.feed.lists import HTML, Listing, answer, json_answer, lists
from modicum.serve.feed.site import Site
from modicum.serve.feed.suggestions import Suggesting, tag_of
from modicum.workspace.feed.readers.addresses import one_line
from modicum.workspace.feed.readers.marks import NAME

SHOWN = 10
"""Suggestions for a tag, above its papers."""


def own(site: Site) -> APIRouter:
    """Routes of lists that belong to a reader."""
    router = APIRouter()
    router.include_router(_kept_lists(site))
    router.include_router(_suggestions(site, Suggesting(site)))
    return router


def _kept_lists(site: Site) -> APIRouter:
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

    @router.get("/tags.json", response_class=Response)
    @router.get("/tags", response_class=Response)
    def tags(request: Request) -> Response:
        marks = site.people.marks(request)
        found = marks.tags()
        if request.url.path.endswith(".json"):
            return json_answer({"tags": found})
        told = {"found": found, "liked": len(marks.liked()), "hidden": len(marks.hidden()), "noted": len(marks.noted())}
        return Response(site.page(request, "tags.html.j2", title="Likes and tags", **told), media_type=HTML)

    return router


def _suggestions(site: Site, suggesting: Suggesting) -> APIRouter:
    """What is ranked: by likes, and for each tag."""
    router = APIRouter()

    @lists(router, "/for-you")
    def for_you(request: Request) -> Response:
        liked = len(site.people.marks(request).liked())
        found = suggesting.of(request)
        page, count = page_of(request)
        shown, more = found.papers[(page - 1) * count : page * count], len(found.papers) > page * count
        lead = f"Ranked by {counted(liked, 'like')}, the best first." if liked else ""
        told = {"liked": liked, "searchable": site.searchable}
        listing = Listing("For you", "/for-you", shown, {}, page, more, None, found.scores, found.reasons)
        return answer(site, request, replace(listing, template="for_you.html.j2", lead=lead, told=told))

    @lists(router, "/tag")
    def tag(request: Request) -> Response:
        name = _tag_name(request)
        numbers = site.people.marks(request).tagged(name)
        page, count = page_of(request)
        papers = site.library.papers(numbers[(page - 1) * count : page * count])
        found = suggesting.of(request, name, SHOWN)
        if numbers:
            site.learn(tag_of(site, request, name))
        query, more = {"name": name}, len(numbers) > page * count
        told = {"tag": name, "by": found.by, "shown": Listing(name, "/tag", found.papers, query, scores=found.scores)}
        listing = Listing(f"Tag: {name}", "/tag", papers, query, page, more, len(numbers), reasons=found.reasons)
        return answer(site, request, replace(listing, further=found.papers, told=told, template="tag.html.j2"))

    @lists(router, "/suggested")
    def suggested(request: Request) -> Response:
        name = _tag_name(request)
        found = suggesting.of(request, name)
        page, count = page_of(request)
        shown, more = found.papers[(page - 1) * count : page * count], len(found.papers) > page * count
        title, query = f"Suggested for {name}", {"name": name}
        listing = Listing(title, "/suggested", shown, query, page, more, None, found.scores, found.reasons)
        return answer(site, request, listing)

    return router


def _tag_name(request: Request) -> str:
    """The tag that an address names, read as the form reads it that makes one.

    Raises:
        InputError: It names none.
    """
    return one_line(request.query_params.get("name", ""), NAME, "name of a tag")


def _kept(site: Site, request: Request, title: str, numbers: Sequence[int], lead: str) -> Response:
    """A list of papers that a reader said something of, the last first."""
    page, count = page_of(request)
    papers, more = site.library.papers(numbers[(page - 1) * count : page * count]), len(numbers) > page * count
    path = f"/{title.lower()}"
    return answer(site, request, Listing(title, path, papers, {}, page, more, len(numbers), lead=lead))
