"""The door of a site that other machines reach and that has no readers: whoever knows the token comes in.

An address that carries the token, or the form at `/enter`, is answered with a cookie that scripts cannot read and other
pages cannot use; programs send the token in the header Authorization.
"""

from __future__ import annotations

import hashlib
import json
import secrets

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from modicum.serve.feed.asking import Form
from modicum.serve.feed.lists import HTML
from modicum.serve.feed.site import Site

COOKIE, DOOR = "feed_door", "/enter"
LASTS = 90 * 86_400
"""Seconds for which a door stays open."""
OPEN = (DOOR, "/static/", "/unsubscribe/")
"""Paths for which nobody needs a token; the last has one of its own."""


class Gate:
    """Asks for the token before the app sees a request.

    Args:
        app: What is behind.
        token: The secret; None to let everyone in.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._token is None or scope["path"].startswith(OPEN) or self._known(scope, self._token):
            await self._app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and not scope["path"].endswith((".json", ".atom")):
            await RedirectResponse(DOOR, 303)(scope, receive, send)
        else:
            body = json.dumps(
                {"error": "the token is missing or wrong; send it in the header Authorization: Bearer TOKEN"}
            )
            told = {"www-authenticate": "Bearer"}
            await Response(body, 401, told, media_type="application/json")(scope, receive, send)

    def _known(self, scope: Scope, token: str) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        given = cookie_parser(headers.get(b"cookie", "")).get(COOKIE, "")
        bearer = headers.get(b"authorization", "").removeprefix("Bearer ")
        return _same(given, door_key(token)) or _same(bearer, token)


def door_key(token: str) -> str:
    """What the cookie holds: not the token itself, which opens other doors, too."""
    return hashlib.sha256(f"modicum feed door {token}".encode()).hexdigest()


def entering(site: Site, token: str | None) -> APIRouter:
    """Routes of the door."""
    router = APIRouter()

    @router.get(DOOR, response_class=Response)
    def door(request: Request) -> Response:
        if request.query_params.get("token"):
            return _let_in(site, request, request.query_params["token"], token)
        return Response(site.page(request, "enter.html.j2", title="Enter"), media_type=HTML)

    @router.post(DOOR, response_class=Response)
    def enter(request: Request, form: Form) -> Response:
        return _let_in(site, request, form.get("token", ""), token)

    return router


def _let_in(site: Site, request: Request, given: str, token: str | None) -> Response:
    if token is None or not _same(given.strip(), token):
        raise HTTPException(401, "that is not the token; look at what modicum feed serve was given")
    reply = RedirectResponse("/", 303)
    secure = site.base(request).startswith("https:")
    reply.set_cookie(COOKIE, door_key(token), LASTS, httponly=True, samesite="lax", secure=secure)
    return reply


def _same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode(), secret.encode())
