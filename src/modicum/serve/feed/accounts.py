"""Accounts, by forms that work without script: sign up and in by a link, subscriptions, export and removal.

Signing up and in are one, so that no page tells whether an address has an account.

Forms change something only if the browser says that this very site sent them; cookies are out of reach of scripts and
are not sent along from other sites. A link alone changes nothing, as mail programs open links to look at them.
"""

from __future__ import annotations

import json

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from modicum.core.errors import InputError
from modicum.serve.feed.asking import OWN, Form
from modicum.serve.feed.lists import HTML
from modicum.serve.feed.mailing import Mailing
from modicum.serve.feed.people import COOKIE
from modicum.serve.feed.site import Site
from modicum.workspace.feed.readers import Reader, Subscriptions, TooOften, ending_of, export, unsubscribe
from modicum.workspace.feed.readers.store import SESSION
from modicum.workspace.feed.readers.subscriptions import EVERY, KINDS, MOST

NO_MAIL = "this site sends no mail; its owner names a mail server with modicum feed serve --smtp"
AGAIN = "3600"
"""Seconds after which whoever asked for too many mails may ask again."""


def accounts(site: Site, mailing: Mailing | None = None) -> APIRouter:
    """Routes of accounts.

    Args:
        site: The site.
        mailing: What sends links; None where nobody can sign up or in.
    """
    router = APIRouter()
    if not site.people.single:
        router.include_router(_entering(site, mailing))
        router.include_router(_leaving(site))
    router.include_router(_account(site))
    router.include_router(_wishes(site))
    router.include_router(_ending(site))
    return router


def _entering(site: Site, mailing: Mailing | None) -> APIRouter:
    """Sign up or in: ask for a link, follow it, and say so."""
    router, readers = APIRouter(), site.people.readers

    @router.get("/sign-in", response_class=Response)
    def ask(request: Request) -> Response:
        if site.people.visitor(request).reader:
            return RedirectResponse("/account", 303)
        return _page(site, request, "sign_in.html.j2", "Sign in", mail=mailing is not None)

    @router.post("/sign-in", response_class=Response, dependencies=OWN)
    def send(request: Request, form: Form) -> Response:
        if mailing is None:
            raise InputError(NO_MAIL)
        try:
            mailing.send_link(readers, form.get("email", ""), request.client.host if request.client else "")
        except TooOften as error:
            raise HTTPException(429, str(error), {"retry-after": AGAIN}) from error
        said = "A link is on its way to that address. It signs you in, once, within a day"
        return _page(site, request, "said.html.j2", "Look into your mail", said=said)

    @router.get("/sign-in/{token}", response_class=Response)
    def follow(request: Request, token: str) -> Response:
        return _page(site, request, "follow.html.j2", "Sign in", token=token)

    @router.post("/sign-in/{token}", response_class=Response, dependencies=OWN)
    def confirm(request: Request, token: str) -> Response:
        reader = readers.confirm(token)
        before = request.cookies.get(COOKIE)
        if before:
            readers.sign_out(readers.session(before) or reader, before)
        reply = RedirectResponse("/account", 303)
        secure = site.base(request).startswith("https:")
        reply.set_cookie(COOKIE, readers.sign_in(reader), int(SESSION), httponly=True, samesite="lax", secure=secure)
        return reply

    return router


def _leaving(site: Site) -> APIRouter:
    """End sessions."""
    router, readers = APIRouter(), site.people.readers

    @router.post("/account/sign-out", response_class=Response, dependencies=OWN)
    def leave(request: Request, form: Form) -> Response:
        everywhere = form.get("everywhere") == "1"
        readers.sign_out(_reader(site, request), None if everywhere else request.cookies.get(COOKIE))
        return _signed_out("/")

    return router


def _account(site: Site) -> APIRouter:
    """What is kept of a reader."""
    router, readers = APIRouter(), site.people.readers

    @router.get("/account", response_class=Response)
    def show(request: Request) -> Response:
        if site.people.visitor(request).reader is None:
            return RedirectResponse("/sign-in", 303)
        reader = _reader(site, request)
        told = {
            "reader": reader,
            "single": site.people.single,
            "subscriptions": Subscriptions(readers, reader).all(),
            "sessions": len(readers.sessions(reader)),
            "kinds": KINDS,
            "frequencies": EVERY,
            "most": MOST,
            "kind": _of(request, "kind", KINDS),
            "what": request.query_params.get("what", "")[:200],
        }
        return _page(site, request, "account.html.j2", "Account", **told)

    @router.get("/account/export", response_class=Response)
    def take_along(request: Request) -> Response:
        body = json.dumps(export(readers, _reader(site, request)), ensure_ascii=False, indent=1)
        named = {"content-disposition": 'attachment; filename="modicum-feed.json"'}
        return Response(body, media_type="application/json", headers=named)

    @router.post("/account/forget", response_class=Response, dependencies=OWN)
    def forget(request: Request, form: Form) -> Response:
        _forget(site, _reader(site, request), form)
        return _signed_out("/")

    return router


def _wishes(site: Site) -> APIRouter:
    """What a reader wants by mail, from now on or no longer."""
    router, readers = APIRouter(), site.people.readers

    @router.post("/account/subscribe", response_class=Response, dependencies=OWN)
    def subscribe(request: Request, form: Form) -> Response:
        wanted = Subscriptions(readers, _reader(site, request))
        wanted.add(form.get("kind", ""), form.get("what", ""), form.get("every", ""))
        return RedirectResponse("/account#subscriptions", 303)

    @router.post("/account/end", response_class=Response, dependencies=OWN)
    def end(request: Request, form: Form) -> Response:
        said = form.get("number", "")
        number = int(said) if said.isascii() and said.isdecimal() and len(said) < 16 else 0
        Subscriptions(readers, _reader(site, request)).remove(number)
        return RedirectResponse("/account#subscriptions", 303)

    return router


def _forget(site: Site, reader: Reader, form: dict[str, str]) -> None:
    if form.get("sure") != "1":
        raise InputError("nothing was removed; mark the box that says that you are sure")
    site.people.readers.forget(reader)
    site.forgotten(reader.id)


def _ending(site: Site) -> APIRouter:
    """Unsubscribe with one click, without signing in: mail programs post to the very address, and send no cookie."""
    router, readers = APIRouter(), site.people.readers

    @router.get("/unsubscribe/{token}", response_class=Response)
    def ask(request: Request, token: str) -> Response:
        _, every = ending_of(readers, token)
        return _page(site, request, "unsubscribe.html.j2", "Unsubscribe", token=token, every=every)

    @router.post("/unsubscribe/{token}", response_class=Response)
    def end(request: Request, token: str) -> Response:
        unsubscribe(readers, token)
        _, every = ending_of(readers, token)
        said = f"There will be no more {every} mail from {site.name}"
        return _page(site, request, "said.html.j2", "Unsubscribed", said=said)

    return router


def _reader(site: Site, request: Request) -> Reader:
    reader = site.people.visitor(request).reader
    if reader is None:
        raise HTTPException(401, "sign in first")
    return reader


def _page(site: Site, request: Request, template: str, title: str, **told: object) -> Response:
    return Response(site.page(request, template, title=title, **told), media_type=HTML)


def _signed_out(to: str) -> Response:
    reply = RedirectResponse(to, 303)
    reply.delete_cookie(COOKIE, httponly=True, samesite="lax")
    return reply


def _of(request: Request, name: str, choices: tuple[str, ...]) -> str:
    said = request.query_params.get(name, "")
    return said if said in choices else choices[0]
