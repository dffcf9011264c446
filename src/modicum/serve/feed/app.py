"""The site as an app, guarded: who may ask, what is refused, and errors as pages."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from modicum.core.errors import InputError
from modicum.serve.feed.accounts import accounts
from modicum.serve.feed.asking import FORM
from modicum.serve.feed.browsing import browsing, papers
from modicum.serve.feed.gate import Gate, entering
from modicum.serve.feed.keywords import editing, keywords
from modicum.serve.feed.lists import HTML, json_answer
from modicum.serve.feed.mailing import Mailing
from modicum.serve.feed.marking import marking
from modicum.serve.feed.own import own
from modicum.serve.feed.searching import searching
from modicum.serve.feed.site import Site
from modicum.serve.guard import HEADERS, Guard, Policy
from modicum.serve.pages import KINDS

BODIES = (FORM, "multipart/form-data")
"""What a body may be; the latter is read by no form, but is how unsubscribing with one click may come (RFC 8058)."""
SAFE = MappingProxyType(
    {
        **HEADERS,
        "content-security-policy": HEADERS["content-security-policy"].replace(
            "form-action 'none'", "form-action 'self'"
        ),
        # Forms tell where they come from, which `no-referrer` would keep from this very site.
        "referrer-policy": "same-origin",
    }
)
LASTING = "public, max-age=31536000, immutable"


def make_app(site: Site, policy: Policy, token: str | None = None, mailing: Mailing | None = None) -> ASGIApp:
    """The app of a site, as ASGI.

    Args:
        site: What it shows.
        policy: What is refused, from `site_policy`.
        token: Secret that opens the site's door; None where everyone may come in.
        mailing: What sends links to readers; None where nobody can sign in.
    """
    register_url_convertor("number", _Number())
    app = FastAPI(title=site.name, docs_url=None, redoc_url=None, openapi_url=None)
    shown = (browsing(site), papers(site), searching(site), keywords(site), editing(site), marking(site), own(site))
    for router in (*shown, accounts(site, mailing), entering(site, token), _static(site)):
        app.include_router(router)

    async def wrong_input(request: Request, error: Exception) -> Response:
        return _error(site, request, 422, str(error))

    async def wrong_request(request: Request, error: Exception) -> Response:
        return _error(site, request, 422, "the request is malformed")

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = error.detail if isinstance(error, HTTPException) else ""
        reply = _error(site, request, status, "there is no such page" if said == "Not Found" else said)
        reply.headers.update(getattr(error, "headers", None) or {})
        return reply

    app.add_exception_handler(InputError, wrong_input)
    app.add_exception_handler(RequestValidationError, wrong_request)
    app.add_exception_handler(HTTPException, refused)
    return Guard(_Heads(Gate(app, token)), policy)


def site_policy(hosts: frozenset[str] | None) -> Policy:
    """What a site refuses: forms of other pages, other hosts; links of other pages lead here."""
    return Policy(hosts, bodies=BODIES, linked=True, headers=SAFE)


class _Number(IntegerConvertor):
    """Numbers of papers and keywords in paths; those that no database holds are of no page."""

    regex = "[0-9]{1,18}"


class _Heads:
    """Answers HEAD as GET; the server leaves the body away."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


def _static(site: Site) -> APIRouter:
    router = APIRouter()

    @router.get("/static/{version}/{name}", response_class=Response)
    async def asset(version: str, name: str) -> Response:
        if name not in site.assets:
            raise HTTPException(404, "there is no such page")
        lasting = {"cache-control": LASTING} if version == site.version else {}
        return Response(site.assets[name], media_type=KINDS[f".{name.rpartition('.')[2]}"], headers=lasting)

    return router


def _error(site: Site, request: Request, status: int, said: str) -> Response:
    wants: Any = request.headers.get("accept", "")
    if request.url.path.endswith((".json", ".atom")) or "application/json" in wants:
        return json_answer({"error": said}, status)
    title = "Not found" if status == 404 else "That did not work"
    return Response(site.page(request, "error.html.j2", title=title, said=said, status=status), status, media_type=HTML)
