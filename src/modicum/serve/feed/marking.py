"""What a reader says of papers, by forms that work without script: like, hide, tag and note."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from modicum.core.errors import InputError
from modicum.serve.feed.asking import OWN, Form, way_back
from modicum.serve.feed.lists import json_answer
from modicum.serve.feed.site import Site
from modicum.serve.feed.suggestions import tag_of
from modicum.workspace.feed.readers.addresses import one_line
from modicum.workspace.feed.readers.marks import NAME


def marking(site: Site) -> APIRouter:
    """Routes of the four forms; each answers with the mark as JSON where that is asked for, else leads back."""
    router = APIRouter(dependencies=[] if site.people.single else OWN)

    @router.post("/paper/{number:number}/like", response_class=Response)
    def like(request: Request, number: int, form: Form) -> Response:
        site.people.marks(request).like(number, _on(form))
        return _told(site, request, number, form)

    @router.post("/paper/{number:number}/hide", response_class=Response)
    def hide(request: Request, number: int, form: Form) -> Response:
        site.people.marks(request).hide(number, _on(form))
        return _told(site, request, number, form)

    @router.post("/paper/{number:number}/tag", response_class=Response)
    def tag(request: Request, number: int, form: Form) -> Response:
        name = form.get("name", "")
        site.people.marks(request).tag(number, name, _on(form))
        site.learn(tag_of(site, request, one_line(name, NAME, "name of a tag")))
        return _told(site, request, number, form)

    @router.post("/paper/{number:number}/note", response_class=Response)
    def note(request: Request, number: int, form: Form) -> Response:
        site.people.marks(request).note(number, form.get("text", ""))
        return _told(site, request, number, form)

    return router


def _on(form: dict[str, str]) -> bool:
    said = form.get("on", "1")
    if said not in ("0", "1"):
        raise InputError("the field 'on' must be 1 or 0")
    return said == "1"


def _told(site: Site, request: Request, number: int, form: dict[str, str]) -> Response:
    if "application/json" not in request.headers.get("accept", ""):
        return RedirectResponse(way_back(form), 303)
    today = site.library.standing(number)
    marks = site.people.marks(request)
    mark = marks.of([today])[today]
    told = {"paper": today, "liked": mark.liked, "hidden": mark.hidden, "tags": list(mark.tags), "note": mark.note}
    return json_answer({**told, "all_tags": list(marks.tags())})
