"""What never reaches the app."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from modicum.serve.guard import Guard, Policy

SCOPE = {"type": "http", "method": "POST", "path": "/mark", "headers": [(b"content-type", b"application/json")]}


@pytest.mark.parametrize("came", [(), (b'{"who": "ana"',)])
def test_a_body_that_is_cut_off_is_not_handed_on(came):
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in came]
    messages.append({"type": "http.disconnect"})
    seen = []

    async def app(scope, receive, send):
        seen.append(await receive())

    async def receive():
        return messages.pop(0)

    async def send(message):
        seen.append(message)

    with ThreadPoolExecutor(1) as apart:  # in this thread the loop of a browser may run
        apart.submit(lambda: asyncio.run(Guard(app, Policy(None))(SCOPE, receive, send))).result()
    assert (seen, messages) == ([], [])


@pytest.mark.parametrize("length", ["²", "-1", "one"])
def test_a_body_whose_length_is_no_number_is_refused(length):
    scope = SCOPE | {"headers": [*SCOPE["headers"], (b"content-length", length.encode("latin-1"))]}
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"{}"}

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(Guard(None, Policy(None))(scope, receive, send))).result()
    assert sent[0]["status"] == 413
