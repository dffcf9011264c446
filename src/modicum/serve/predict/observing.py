"""Every request is timed, counted and logged, and no error of the app gets past here."""

from __future__ import annotations

import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modicum.serve.predict.service import Service

OTHER = "other"
"""Stands for all paths that are not known, so that nobody can fill the figures with names."""
LEFT = 499
"""Status under which a request is counted whose caller left before it was whole, as proxies do; it gets no answer."""


class Observed:
    """Wraps an app."""

    def __init__(self, app: ASGIApp, service: Service, paths: frozenset[str]) -> None:
        self.app, self.service, self.paths = app, service, paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        unsent = LEFT
        watched, begun = _Watched(send, secrets.token_hex(6)), time.perf_counter()
        scope["state"] = state = {"id": watched.id, "items": 0}
        try:
            await self.app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001  # it is told in the log, and never to the caller
            self.service.log.defect(error, request=watched.id)
            unsent = 500
        seconds = time.perf_counter() - begun
        path = scope["path"] if scope["path"] in self.paths else OTHER
        self.service.metrics.requests.labels(path, str(watched.status or unsent)).inc()
        self.service.metrics.seconds.labels(path).observe(seconds)
        facts = {"method": scope["method"][:10], "path": path, "status": watched.status, "items": state["items"]}
        self.service.log.write("request", id=watched.id, **facts, ms=round(1000 * seconds, 2))


class _Watched:
    """Passes an answer on, with the id of its request."""

    def __init__(self, send: Send, id: str) -> None:
        self._send, self.id, self.status = send, id, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", []), (b"x-request-id", self.id.encode())]
        await self._send(message)
