"""What is refused before the app sees it: foreign hosts and origins, missing tokens, other content, large bodies."""

from __future__ import annotations

import json
import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 2_000_000
"""Bytes of a request: a lasso around 100,000 rows."""
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Policy:
    """Who may ask."""

    hosts: frozenset[str] | None
    """Values of the header Host that are served, so that no other name can be bound to this address; None for any,
    which needs a token."""
    token: str | None = None
    """What every call of the interface must bring along; None for none."""
    largest: int = LARGEST

    def refusal(self, method: str, path: str, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Status and reason of a refusal; None where the request may pass."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.hosts is not None and host not in self.hosts:
            return 421, "this page is served under its own address only"
        if origin is not None and origin != f"http://{host}":
            return 403, "calls from other pages are refused"
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "calls from other pages are refused"
        if method not in ("GET", "HEAD", "POST"):
            return 405, "only GET and POST are known"
        if method == "POST" and headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return 415, "the body must be JSON"
        if path.startswith("/api/") and self.token is not None:
            given = headers.get("authorization", "").removeprefix("Bearer ")
            if not secrets.compare_digest(given.encode(), self.token.encode()):
                return 401, "the token is missing or wrong; open the address that modicum label printed"
        return None


class Guard:
    """Applies a policy to every request, and the safe headers to every answer."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self.app, self.policy = app, policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        no = self.policy.refusal(scope["method"], scope["path"], headers)
        body = b""
        if no is None and scope["method"] == "POST":
            body, no = await self._body(headers, receive)
        if no is not None:
            await _refuse(send, *no)
            return
        await self.app(scope, _Replay(body, receive), _Safe(send))

    async def _body(self, headers: MutableMapping[str, str], receive: Receive) -> tuple[bytes, tuple[int, str] | None]:
        told = headers.get("content-length", "0")
        large = (413, f"the request is larger than {self.policy.largest:,} bytes")
        if not told.isdigit() or int(told) > self.policy.largest:
            return b"", large
        parts, size = [], 0
        while True:
            message = await receive()
            part = message.get("body", b"")
            size += len(part)
            if size > self.policy.largest:
                return b"", large
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts), None


class _Replay:
    """A body that was read already, handed on once."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.body: bytes | None = body
        self.receive = receive

    async def __call__(self) -> Message:
        if self.body is None:
            return await self.receive()
        body, self.body = self.body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Safe:
    """Adds the safe headers."""

    def __init__(self, send: Send) -> None:
        self.send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_raw(HEADERS)]
        await self.send(message)


async def _refuse(send: Send, status: int, reason: str) -> None:
    body = json.dumps({"error": reason}).encode()
    headers = _raw(HEADERS | {"content-type": "application/json", "content-length": str(len(body))})
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
