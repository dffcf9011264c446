"""Clients of a service: how many requests it answers a second, how long each waits, and which fail."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np

CLIENTS = 32
PATH = "/v1/predict"


@dataclass(eq=False)
class Load:
    """What clients met."""

    waits: list[float] = field(default_factory=list)
    """Seconds of every answer, in the order in which they came."""
    failed: list[str] = field(default_factory=list)
    """What went wrong, for every request that was not answered with 200."""
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.waits) / self.seconds

    def quantile(self, share: float, part: slice = slice(None)) -> float:
        """Milliseconds under which this share of the answers came, among all or a part of them."""
        return 1000 * float(np.quantile(self.waits[part], share))


def drive(url: str, texts: Sequence[str], seconds: float, *, rate: float | None = None, clients: int = CLIENTS) -> Load:
    """Ask a service about one text after the other, over connections that stay open.

    Args:
        url: Its address.
        texts: What is asked, over and over.
        seconds: How long.
        rate: Requests a second that are due, whether or not earlier ones were answered; a wait then counts from when
            the request was due. None to have every client ask again as soon as it was answered.
        clients: How many ask at the same time.
    """
    return asyncio.run(_drive(url, texts, seconds, rate, clients))


async def _drive(url: str, texts: Sequence[str], seconds: float, rate: float | None, clients: int) -> Load:
    load, begun = Load(), time.perf_counter()
    place = urlsplit(url)
    requests = [_request(place.netloc, text) for text in texts]
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            pause = None if rate is None else clients / rate
            mine = requests[number::clients] or requests
            client = _Client(str(place.hostname), int(place.port or 80), mine, load)
            group.create_task(client.ask(begun + seconds, pause, number / clients))
    load.seconds = time.perf_counter() - begun
    return load


def _request(host: str, text: str) -> bytes:
    body = json.dumps({"items": [text]}).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Client:
    """One connection, opened anew after a failure."""

    def __init__(self, host: str, port: int, requests: Sequence[bytes], load: Load) -> None:
        self._host, self._port, self._requests, self._load = host, port, requests, load
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, end: float, pause: float | None, phase: float) -> None:
        """Ask until the end; `phase` is the part of a pause by which this client comes later than the first."""
        due, place = time.perf_counter() + (pause or 0.0) * phase, 0
        while (due if pause else time.perf_counter()) < end:
            begun = time.perf_counter()
            if pause is not None:
                await asyncio.sleep(max(0.0, due - begun))
                begun, due = due, due + pause
            try:
                status = await self._once(self._requests[place % len(self._requests)])
                if status == 200:
                    self._load.waits.append(time.perf_counter() - begun)
                else:
                    self._load.failed.append(str(status))
            except (OSError, asyncio.IncompleteReadError) as error:
                self._load.failed.append(type(error).__name__)
                self._close()
            place += 1
        self._close()

    async def _once(self, request: bytes) -> int:
        """Send a request and read its answer; returns the status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        await reader.readexactly(length)
        return int(lines[0].split()[1])

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
