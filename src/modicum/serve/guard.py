"""What is refused before the app sees it: foreign hosts and origins, missing tokens, other content, large bodies."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from starlette.requests import ClientDisconnect
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
BESIDE: Mapping[int, Mapping[str, str]] = MappingProxyType(
    {
        401: {"www-authenticate": "Bearer"},
        405: {"allow": "GET, HEAD, POST"},
        408: {"connection": "close"},
        413: {"connection": "close"},
    }
)
"""Headers that belong to a refusal; after 408 the rest of the body may still be under way, and whoever sent too much is
not waited for again."""


@dataclass(frozen=True)
class Policy:
    """Who may ask."""

    hosts: frozenset[str] | None
    """Values of the header Host that are served, so that no other name can be bound to this address; None for any,
    which needs a token."""
    token: str | None = None
    """What every call of the interface must bring along; None for none."""
    largest: int = LARGEST
    guarded: tuple[str, ...] = ("/api/",)
    """How the paths begin that need the token."""
    patience: float = 60.0
    """Seconds in which a body must have come."""
    remedy: str = "send it in the header Authorization: Bearer TOKEN"
    """What whoever lacks the token is told."""
    bodies: tuple[str, ...] = ("application/json",)
    """Types of content that a body may be of."""
    linked: bool = False
    """Whether links of other pages may lead here: navigation that changes nothing."""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(HEADERS))
    """What every answer says, where it does not say otherwise itself."""

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and reason of a refusal; None where the request may pass."""
        if self.hosts is not None and headers.get("host", "") not in self.hosts:
            return 421, "this page is served under its own address only"
        if self._foreign(method, headers):
            return 403, "calls from other pages are refused"
        if method not in ("GET", "HEAD", "POST"):
            return 405, "only GET and POST are known"
        if method == "POST" and headers.get("content-type", "").split(";")[0].strip().lower() not in self.bodies:
            return 415, f"the body must be {'JSON' if len(self.bodies) == 1 else ' or '.join(self.bodies)}"
        if self.token is not None and path.startswith(self.guarded):
            given = headers.get("authorization", "").removeprefix("Bearer ")
            if not secrets.compare_digest(given.encode(), self.token.encode()):
                return 401, f"the token is missing or wrong; {self.remedy}"
        return None

    def _foreign(self, method: str, headers: Mapping[str, str]) -> bool:
        """Whether another page sends the request, by what browsers say of it."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            return True
        followed = self.linked and method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
        return not followed and headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


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
            try:
                body, no = await self._body(headers, receive)
            except ClientDisconnect:  # nobody is left to answer, and part of a body is not what was meant
                return
        if no is not None:
            await _refuse(send, *no, self.policy.headers)
            return
        await self.app(scope, _Replay(body, receive), _Safe(send, self.policy.headers))

    async def _body(self, headers: Mapping[str, str], receive: Receive) -> tuple[bytes, tuple[int, str] | None]:
        told = headers.get("content-length", "0")
        try:
            async with asyncio.timeout(self.policy.patience):
                body = await self._read(receive, told.isdecimal() and int(told) <= self.policy.largest)
        except TimeoutError:
            return b"", (408, f"the body did not come within {self.policy.patience:g} seconds")
        if body is None:
            return b"", (413, f"the request is larger than {self.policy.largest:,} bytes")
        return body, None

    async def _read(self, receive: Receive, kept: bool) -> bytes | None:
        """The body; None where it is too large. It is read to its end then, too, or the refusal would not arrive.

        Raises:
            ClientDisconnect: The connection ended before the body did.
        """
        parts, size = list[bytes](), 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            size += len(part)
            if size > self.policy.largest:
                kept = False
                parts.clear()
            if kept:
                parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts) if kept else None


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

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self.send, self.headers = send, headers

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", [])}
            safe = [(name, value) for name, value in _raw(self.headers) if name not in own]
            message["headers"] = [*message.get("headers", []), *safe]
        await self.send(message)


async def _refuse(send: Send, status: int, reason: str, safe: Mapping[str, str]) -> None:
    body = json.dumps({"error": reason}).encode()
    told = {"content-type": "application/json", "content-length": str(len(body))}
    headers = _raw({**safe, **told, **BESIDE.get(status, {})})
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
