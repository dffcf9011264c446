"""The one client that asks the network for papers: limits on bytes, time and redirects; nothing but http and https.

Servers are asked whether anything is new (ETag, Last-Modified), told who asks, and believed when they say to wait.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

AGENT = "modicum-feed (a reader of paper feeds; +https://pypi.org/project/modicum)"
ACCEPT = (
    "application/atom+xml, application/rss+xml, application/json, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5"
)
HEADERS = {"User-Agent": AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip", "Connection": "close"}
MOVED = (301, 302, 303, 307, 308)
PIECE = 1 << 16
PORTS = {"http": 80, "https": 443}
LONGEST_WAIT = 7 * 86_400.0


@dataclass(frozen=True)
class Limits:
    """What a server may cost."""

    size: int = 32 << 20
    """Bytes of an answer, unpacked."""
    seconds: float = 60.0
    """Of the whole request, redirects included."""
    silence: float = 15.0
    """Seconds without a byte."""
    redirects: int = 5


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    url: str
    """Where the answer was found, after redirects."""
    fresh: bool
    """False where nothing has changed since the last time; there is no file then."""
    etag: str | None = None
    modified: str | None = None
    content_type: str | None = None


class Unreachable(Exception):
    """An address that gave no answer of use.

    Args:
        reason: What happened, in a clause that begins with the address.
        wait: Seconds that the server asks to be left alone; None where it does not say.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def fetch(
    url: str,
    file: Path,
    *,
    etag: str | None = None,
    modified: str | None = None,
    limits: Limits | None = None,
    resolve: Callable[[str], list[str]] | None = None,
) -> Answer:
    """Write what an address answers to a file.

    Args:
        url: Of http or https.
        file: Where the answer goes; left alone where nothing is new.
        etag: What the last answer said of itself, to be asked whether it still holds.
        modified: When the last answer was changed, likewise.
        limits: What the server may cost.
        resolve: Addresses of a host; default those of the system.

    Raises:
        Unreachable: No answer, an error, too many redirects, one in a circle or into a private network, or a limit.
    """
    limits = limits or Limits()
    asked = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
    visited: list[str] = []
    end = time.monotonic() + limits.seconds
    while True:
        _check_hop(url, visited, limits, resolve or _addresses)
        visited.append(url)
        with _response(url, asked, end, limits) as response:
            if response.status in MOVED and response.headers.get("Location"):
                url = urljoin(url, response.headers["Location"].strip())
                continue
            told = response.headers
            facts = (told.get("ETag"), told.get("Last-Modified"), told.get("Content-Type"))
            if response.status == 304:
                return Answer(url, False, etag, modified)
            if response.status != 200:
                raise Unreachable(f"{url} answers {response.status} {response.reason}", _wait(told))
            _write(response, file, url, limits)
            return Answer(url, True, *facts)


def _check_hop(url: str, visited: list[str], limits: Limits, resolve: Callable[[str], list[str]]) -> None:
    parts = _parts(url)
    if url in visited:
        raise Unreachable(f"{visited[0]} redirects in a circle")
    if len(visited) > limits.redirects:
        raise Unreachable(f"{visited[0]} redirects more than {limits.redirects} times")
    if visited and _private(parts, resolve) and not _private(_parts(visited[0]), resolve):
        raise Unreachable(f"{visited[0]} redirects into a private network, to {parts.hostname}")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(sign <= " " for sign in url):
        raise Unreachable(f"{url!r} is no address of http or https")
    return parts


def _private(parts: SplitResult, resolve: Callable[[str], list[str]]) -> bool:
    """Whether a host is within a network that the public cannot reach."""
    return any(not ipaddress.ip_address(one.partition("%")[0]).is_global for one in resolve(str(parts.hostname)))


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


@contextmanager
def _response(url: str, asked: Mapping[str, str], end: float, limits: Limits) -> Iterator[http.client.HTTPResponse]:
    parts = _parts(url)
    left = end - time.monotonic()
    connection, target = _connection(parts, max(min(limits.silence, left), 0.01))
    with closing(connection):
        try:
            connection.connect()
            # A server that sends a byte now and then is never silent: only a clock of our own ends it.
            clock = threading.Timer(max(end - time.monotonic(), 0.01), _hang_up, [connection.sock])
            clock.daemon = True
            clock.start()
            try:
                connection.request("GET", target, headers={**HEADERS, **asked})
                with closing(connection.getresponse()) as response:
                    yield response
            finally:
                clock.cancel()
            if time.monotonic() >= end:  # to a reader, hanging up looks like the end of the answer
                raise TimeoutError
        except (OSError, http.client.HTTPException, zlib.error, ValueError) as error:
            reason = f"no whole answer in {limits.seconds:g} s" if time.monotonic() >= end else _told(error)
            raise Unreachable(f"{url} cannot be read: {reason}") from error


def _connection(parts: SplitResult, timeout: float) -> tuple[http.client.HTTPConnection, str]:
    """A connection, through the proxy that the environment names if any, and what to ask it for."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    named = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(parts.scheme)
    proxy = urlsplit(named) if named else None
    at = (str(proxy.hostname), proxy.port or 80) if proxy else (host, port)
    if parts.scheme == "http":
        return http.client.HTTPConnection(*at, timeout=timeout), parts.geturl() if proxy else target
    secure = http.client.HTTPSConnection(*at, timeout=timeout, context=ssl.create_default_context())
    if proxy:
        secure.set_tunnel(host, port)
    return secure, target


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _write(response: http.client.HTTPResponse, file: Path, url: str, limits: Limits) -> None:
    packed = (response.headers.get("Content-Encoding") or "identity").strip().lower()
    if packed not in ("gzip", "x-gzip", "identity"):
        raise Unreachable(f"{url} is packed as {packed}, which was not asked for")
    unpack = None if packed == "identity" else zlib.decompressobj(wbits=31)
    size = 0
    with file.open("wb") as out:
        while data := response.read1(PIECE):
            while data:
                piece = data if unpack is None else unpack.decompress(data, PIECE)
                data = b"" if unpack is None else unpack.unconsumed_tail
                size += len(piece)
                if size > limits.size:
                    raise Unreachable(f"{url} is larger than {limits.size:,} bytes")
                out.write(piece)
    if response.length or (unpack is not None and not unpack.eof):
        raise Unreachable(f"{url} ended before it was whole")


def _wait(headers: http.client.HTTPMessage) -> float | None:
    """Seconds of `Retry-After`, which names a number of them or a date."""
    told = (headers.get("Retry-After") or "").strip()
    try:
        seconds = float(told) if told.isdigit() else parsedate_to_datetime(told).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _told(error: Exception) -> str:
    """What a library's error says, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
