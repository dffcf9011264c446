"""From a folder to a site that can be opened: socket, policy, server, and a clean end."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvicorn

from modicum.core.errors import InputError
from modicum.serve.feed.app import make_app, site_policy
from modicum.serve.feed.gate import DOOR
from modicum.serve.feed.mailing import Mailing
from modicum.serve.feed.people import People
from modicum.serve.feed.refreshing import Polling, Refreshing
from modicum.serve.feed.site import NAME, Site
from modicum.serve.listening import address, allowed_hosts, check_access, is_loopback, listen
from modicum.workspace.feed.digest import Letters, Server
from modicum.workspace.feed.library import Library
from modicum.workspace.feed.search import PaperSearch
from modicum.workspace.feed.tags import TagFitter

PORT = 8790
SWITCH = 0.0005
"""Seconds after which work in the background must let a page be made: a tenth of the interpreter's default."""


@dataclass(frozen=True)
class FeedServing:
    """How a feed is served."""

    host: str = "127.0.0.1"
    """Address to listen at. Others than this machine's own need a token, or readers who sign in."""
    port: int | None = None
    """Port; None for the first free one from 8790 on, 0 for any."""
    token: str | None = None
    """Secret that every reader must bring along."""
    name: str | None = None
    """What the site is called; default `modicum feed`."""
    address: str | None = None
    """Address under which readers know it, where that is another than it listens at."""
    readers: bool = False
    """Whether readers sign up; else whoever reaches the site is its one reader."""
    poll: bool = False
    """Whether sources that are due are asked for what is new while the site runs."""
    editors: tuple[str, ...] = ()
    """E-mail addresses of the readers who may edit keywords."""
    encoder: str | None = None
    """Encoder of search; `none` for words alone."""
    smtp: Server | None = None
    """Where links to readers are handed in."""
    sender: str | None = None
    """Whom they are from."""

    def __post_init__(self) -> None:
        """Refuse an address that is none.

        Raises:
            InputError: It lacks its scheme or host, or has a path.
        """
        told = self.address
        if told is not None and not re.fullmatch(r"https?://[^/?#@\s]+/?", told):
            raise InputError(f"--address {told} is not where a site can be; write it as https://papers.example.org")


def run_feed(folder: Path, settings: FeedServing, ready: Callable[[str], None]) -> None:
    """Serve a feed's site until the process is told to stop (Ctrl-C).

    Args:
        folder: Folder of the feed.
        settings: How it is served.
        ready: Called with the address once it can be opened.

    Raises:
        InputError: The folder holds no feed, the host needs a token, or the port is taken.
    """
    if not settings.readers:
        check_access(settings.host, settings.token)
    library = Library.open(folder)
    search, people = PaperSearch(folder, encoder=settings.encoder), People(folder, single=not settings.readers)
    site = Site(library, search, people, settings.name or NAME, frozenset(settings.editors), settings.address)
    site.fitter, refreshing = TagFitter(folder, search), Refreshing(site)
    # These end with the process: what they are at is lost, and begun again when it is asked for.
    loose: list[TagFitter | Polling] = [site.fitter]
    if settings.poll:
        loose.append(Polling(folder, settings.encoder))
    with listen(settings.host, settings.port, PORT) as listening:
        at = listening.getsockname()[1]
        opened = address(settings.host, at, None)
        config = uvicorn.Config(
            make_app(site, site_policy(_hosts(settings, at)), settings.token, _mailing(settings, opened)),
            log_level="error",
            access_log=False,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        _prepare(site)
        for thread in (refreshing, *loose):
            thread.start()
        ready(f"{opened}{DOOR[1:]}?token={quote(settings.token)}" if settings.token else opened)
        with _quick(), suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
        refreshing.stop()


def _mailing(settings: FeedServing, opened: str) -> Mailing | None:
    """What sends links to readers.

    Raises:
        InputError: The sender is not named, or not the address that links lead to, which no request may choose.
    """
    if not settings.readers or settings.smtp is None:
        return None
    if settings.sender is None:
        raise InputError("mail needs a sender; name one with --from 'Our feed <feed@example.org>'")
    if settings.address is None and not is_loopback(settings.host):
        raise InputError("links by mail lead to the site; name its address with --address https://papers.example.org")
    return Mailing(settings.smtp, Letters.of(settings.sender, settings.address or opened, settings.name))


def _prepare(site: Site) -> None:
    """Make what pages read, so that no page waits for the thread that fills it."""
    site.topics.all()
    site.places.shape()


@contextmanager
def _quick() -> Iterator[None]:
    """Have threads give way quickly, so that pages do not wait for what is made in the background."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def _hosts(settings: FeedServing, port: int) -> frozenset[str] | None:
    """Names under which the site is served: where it listens, and where readers find it, as browsers write it."""
    hosts = allowed_hosts(settings.host, port)
    if hosts is None or settings.address is None:
        return hosts
    told = urlsplit(settings.address.lower())
    return hosts | {told.netloc.removesuffix(":443" if told.scheme == "https" else ":80")}
