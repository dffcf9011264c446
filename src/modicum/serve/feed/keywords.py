"""Keyword pages under addresses that stay, the map of the feed, and the forms by which keywords are edited."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.serve.feed.asking import OWN, Form, page_of, whole
from modicum.serve.feed.lists import HTML, Listing, answer, json_answer, lists
from modicum.serve.feed.mapping import drawn_map
from modicum.serve.feed.site import Site
from modicum.workspace.feed.keywords import Keyword
from modicum.workspace.feed.library import Filters
from modicum.workspace.feed.readers import Subscriptions
from modicum.workspace.feed.readers.subscriptions import EVERY

ALL = "/keywords"
NEWEST, TYPICAL = "newest", "typical"


def keywords(site: Site) -> APIRouter:
    """Routes of the list of keywords, of each one's page, and of the map."""
    router = APIRouter()

    @router.get(f"{ALL}.json", response_class=Response)
    @router.get(ALL, response_class=Response)
    def every(request: Request) -> Response:
        found = site.topics.all()
        if request.url.path != ALL:
            return json_answer({"keywords": [_facts(site.base(request), one) for one in found]})
        told = {"keywords": found, "papers": site.library.count()}
        return Response(site.page(request, "keywords/all.html.j2", title="Keywords", **told), media_type=HTML)

    @router.get("/map", response_class=Response)
    def drawn(request: Request) -> Response:
        told = {"map": drawn_map(site.places, site.topics, site.library), "papers": site.library.count()}
        return Response(site.page(request, "keywords/map.html.j2", title="Map", **told), media_type=HTML)

    @lists(router, "/keyword/{number:number}")
    def one(request: Request, number: int) -> Response:
        keyword = site.topics.find(number)
        if keyword is None:
            raise HTTPException(404, "there is no such keyword; it may have been dropped")
        if keyword.number != number:
            ending = request.url.path.removeprefix(f"/keyword/{number}")
            return RedirectResponse(f"/keyword/{keyword.number}{ending}", 301)
        order, hidden = _order(request), site.hidden(request)
        numbers = [paper for paper in site.topics.papers(number) if paper not in hidden]
        page, count = page_of(request)
        first, more = (page - 1) * count, len(numbers) > page * count
        if order == NEWEST:
            papers = site.library.newest(first, count, Filters(among=numbers))
        else:
            papers = site.library.papers(numbers[first : first + count])
        others = [other for other in site.topics.all() if other.number != number]
        told = {"keyword": keyword, "others": others, "edits": site.may_edit(request), "order": order}
        told |= {"sent": _sent(site, request, number), "frequencies": EVERY}
        query = {} if order == NEWEST else {"order": order}
        listing = Listing(keyword.name, f"/keyword/{number}", papers, query, page, more, len(numbers), told=told)
        return answer(site, request, replace(listing, template="keywords/one.html.j2", by_day=order == NEWEST))

    return router


def _sent(site: Site, request: Request, number: int) -> list[str]:
    """How often whoever asks has a keyword's new papers by mail."""
    reader = site.people.visitor(request).reader
    wishes = Subscriptions(site.people.readers, reader).all() if reader else []
    mine = [one for one in wishes if one.kind == "keyword" and not one.gone]
    return [one.every for one in mine if site.topics.standing(int(one.what)) == number]


def _order(request: Request) -> str:
    """Whether the newest papers are wanted first, or those nearest to the keyword's middle.

    Raises:
        InputError: Another order is asked for.
    """
    return check_choice(request.query_params.get("order") or NEWEST, (NEWEST, TYPICAL), "order")


def editing(site: Site) -> APIRouter:
    """Routes of the forms that rename, merge and drop a keyword."""
    router = APIRouter(dependencies=[] if site.people.single else OWN)

    @router.post("/keyword/{number:number}/rename", response_class=Response)
    def rename(request: Request, number: int, form: Form) -> Response:
        _check(site, request)
        site.topics.rename(number, form.get("name", ""))
        return RedirectResponse(f"/keyword/{number}", 303)

    @router.post("/keyword/{number:number}/merge", response_class=Response)
    def merge(request: Request, number: int, form: Form) -> Response:
        _check(site, request)
        into = whole(form, "into", 0, 1 << 50)
        site.topics.merge([into, number])
        return RedirectResponse(f"/keyword/{into}", 303)

    @router.post("/keyword/{number:number}/drop", response_class=Response)
    def drop(request: Request, number: int, form: Form) -> Response:
        _check(site, request)
        if form.get("sure") != "1":
            raise InputError("nothing was dropped; mark the box that says that you are sure")
        site.topics.drop(number)
        return RedirectResponse(ALL, 303)

    return router


def _check(site: Site, request: Request) -> None:
    if not site.may_edit(request):
        raise HTTPException(403, "keywords belong to all readers, and are edited by those whom --editor names")


def _facts(base: str, keyword: Keyword) -> dict[str, object]:
    return {
        "number": keyword.number,
        "name": keyword.name,
        "terms": list(keyword.terms),
        "papers": keyword.papers,
        "address": f"{base}/keyword/{keyword.number}",
    }
