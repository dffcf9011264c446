"""A run of the digest: reserve what is due, hand it to the mail server, and go on wherever an earlier run stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from email.message import EmailMessage
from functools import partial
from typing import Any

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.core.files import held_alone
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.texts import counted
from modicum.workspace.feed.digest import ledger
from modicum.workspace.feed.digest.choosing import Chooser, Part
from modicum.workspace.feed.digest.post import Broken, Post, Refused, Server, wire
from modicum.workspace.feed.digest.writing import Letters
from modicum.workspace.feed.keywords import refresh_keywords
from modicum.workspace.feed.library import Library
from modicum.workspace.feed.readers import Reader, Readers, Subscriptions, check_email, ending_token
from modicum.workspace.feed.readers.subscriptions import EVERY
from modicum.workspace.feed.search.encoding import WORDS_ALONE

LOCK = ".digest.lock"
TOGETHER = 200
"""Digests that one transaction reserves."""
POISON = 3
"""Times that one message may fail again once a connection broke over it, before the next one has its turn."""


@dataclass(frozen=True)
class Patience:
    """How often what fails is tried again."""

    tries: int = 8
    """Connections in a row that may fail; the wait before each is twice the one before."""
    first: float = 0.5
    """Seconds before the second one."""
    most: float = 60.0
    """Seconds at most."""
    rounds: int = 3
    """Times that a message is tried which the server refuses for now; what is left waits for the next run."""
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Sent:
    """What came of a run."""

    planned: int = 0
    """Digests that were reserved."""
    sent: int = 0
    """Digests that the server took."""
    again: int = 0
    """Of these, such as it may have had before: a run was killed, or the connection broke, before it answered."""
    waiting: int = 0
    """Digests left for the next run: the server refused them for now or broke off, or they have no address."""
    failed: int = 0
    """Digests that it refused for good."""
    dropped: int = 0
    """Digests that could not be sent for days."""
    reasons: list[str] = field(default_factory=list)
    """Why, a few of them."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def send_digests(
    readers: Readers,
    server: Server,
    letters: Letters,
    *,
    to: str | None = None,
    encoder: str | Encoder | None = None,
    patience: Patience | None = None,
    progress: Progress = silent,
) -> Sent:
    """Send every reader the digest of the period, once.

    Args:
        readers: The readers of the feed.
        server: Where mail is handed in.
        letters: How it is written.
        to: Address of the reader of a feed that has one alone; without it that reader gets none.
        encoder: What ranks papers for tags.
        patience: How often what fails is tried again.
        progress: Called with the stage and what is done.

    Raises:
        InputError: `to` is no address, another run is at it, the server is not reached or not trusted, or readers would
            have no link to unsubscribe. What was reserved goes out with the next run.
    """
    to = to and check_email(to)
    said = f"another modicum sends the digests of {readers.folder}; wait for its end"
    with held_alone(readers.folder / LOCK, said):
        found = Sent(dropped=ledger.tidy(readers), reasons=_pages(readers, encoder, progress))
        found.planned = plan_digests(readers, letters, to=to, encoder=encoder, progress=progress)
        with Post(server, letters.sender) as post:
            _Run(readers, post, letters, to, patience or Patience(), found).go(progress)
    return found


def plan_digests(
    readers: Readers,
    letters: Letters,
    *,
    to: str | None = None,
    encoder: str | Encoder | None = None,
    progress: Progress = silent,
) -> int:
    """Reserve the digests of this period for all who have none yet and for whom something is new; returns how many.

    Args:
        readers: The readers of the feed.
        letters: How they are written.
        to: Address of the reader of a feed that has one alone.
        encoder: What ranks papers for tags.
        progress: Called with the stage and what is done.

    Raises:
        InputError: Readers would have no link to unsubscribe.
    """
    chooser, reserved = Chooser(readers, Library.open(readers.folder), readers.clock(), encoder), 0
    for every in EVERY:
        waiting = [reader for reader in ledger.due(readers, every) if reader.email or to]
        _check_site(waiting, letters)
        for part in chunks(len(waiting), TOGETHER):
            chosen = [(reader, _choose(chooser, readers, reader, every)) for reader in waiting[part]]
            told = [(reader, parts) for reader, parts in chosen if parts]
            reserved += ledger.reserve(readers, every, told, letters.domain)
            progress(f"choose papers, {every}", part.stop, len(waiting))
    return reserved


def preview_digest(
    readers: Readers,
    letters: Letters,
    *,
    to: str | None = None,
    encoder: str | Encoder | None = None,
) -> tuple[EmailMessage | None, int]:
    """The message that the first of those readers would get who are due one, and how many are due.

    Nothing is sent, nor marked as sent; keyword pages are brought up to date, as they are before digests are sent.

    Args:
        readers: The readers of the feed.
        letters: How it is written.
        to: Address of the reader that it is for; default the first one for whom something is new.
        encoder: What ranks papers for tags.

    Raises:
        InputError: It is no address.
    """
    _pages(readers, encoder)
    library = Library.open(readers.folder)
    chooser, address = Chooser(readers, library, readers.clock(), encoder), to and check_email(to)
    due = [(every, reader) for every in EVERY for reader in ledger.due(readers, every)]
    meant = [(every, one) for every, one in due if address is None or (one.email or address).lower() == address.lower()]
    for every, reader in meant:
        parts = _choose(chooser, readers, reader, every)
        if parts:
            head = {"message_id": f"<preview@{letters.domain}>", "made": readers.clock(), "every": every}
            told = {**head, "parts": [part.to_list() for part in parts]}
            return _written(readers, library, letters, told, reader, address), len(due)
    return None, len(due)


def _pages(readers: Readers, encoder: str | Encoder | None, progress: Progress = silent) -> list[str]:
    """Put new papers on keyword pages where anyone wants one by mail; returns why that could not be."""
    wanted = readers.rows("SELECT 1 FROM subscriptions WHERE kind = 'keyword' LIMIT 1")
    if not wanted or encoder == WORDS_ALONE:
        return []
    said = refresh_keywords(readers.folder, progress=progress)
    return [f"keyword pages may lack new papers ({said})"] if said else []


def _choose(chooser: Chooser, readers: Readers, reader: Reader, every: str) -> list[Part]:
    return chooser.parts(reader, Subscriptions(readers, reader).all(every), ledger.told(readers, reader))


def _check_site(waiting: list[Reader], letters: Letters) -> None:
    if letters.site is None and any(reader.email for reader in waiting):
        raise InputError("readers need a link to unsubscribe; name the site with --address https://papers.example.org")


def _written(
    readers: Readers, library: Library, letters: Letters, told: dict[str, Any], reader: Reader, to: str | None
) -> EmailMessage | None:
    # A paper that turned out to be another since it was chosen is told of as that one, and once.
    today = {number: readers.paper(number) for _, some, _ in told["parts"] for number in some}
    earlier = ledger.told(readers, reader, before=told["id"]) if "id" in told else set()
    first = {other: number for number, other in reversed(today.items()) if other not in earlier}
    named = {first[paper.number]: paper for paper in library.papers(list(first))}
    if not named:
        return None
    token = ending_token(readers, reader, told["every"]) if letters.site else None
    gone = [one.name for one in Subscriptions(readers, reader).all(told["every"]) if one.gone]
    return letters.digest(told, named, reader.email or to or letters.sender, token, gone)


class _Run:
    """Hands in what is reserved."""

    def __init__(
        self, readers: Readers, post: Post, letters: Letters, to: str | None, patience: Patience, found: Sent
    ) -> None:
        self.readers, self.post, self.letters, self.to = readers, post, letters, to
        self.patience, self.found = patience, found
        self.library = Library.open(readers.folder)
        self.failures = 0

    def go(self, progress: Progress) -> None:
        """Try all, and again those that were refused for now."""
        left = ledger.waiting(self.readers)
        for number in range(self.patience.rounds):
            if left and number:
                self.patience.sleep(min(self.patience.first * 2.0 ** (number + 3), self.patience.most))
            later = list[int]()
            for done, one in enumerate(left):
                if not self._settled(one):
                    later.append(one)
                progress("send digests", done + 1, len(left))
            left = later
        self.found.waiting += len(left)

    def _settled(self, number: int) -> bool:
        """Hand in one digest; False where it is to be tried later."""
        broken = 0
        while broken < POISON:
            told = ledger.digest(self.readers, number)
            if told is None:
                return True
            address = told["email"] or self.to
            if address is None:
                self.found.waiting += 1
                return True
            doubtful = told["state"] == "sending"
            message = bytes(told["message"]) if doubtful else self._bytes(told, address)
            if not message:
                ledger.give_up(self.readers, number, "its papers are gone, or were told before")
                return True
            try:
                handed = self.post.deliver(address, message, partial(ledger.begin, self.readers, number, message))
            except Broken as error:
                self._wait(error)
                broken += doubtful
                continue
            except Refused as error:
                self.failures = 0
                return self._refused(number, error, doubtful)
            self.failures = 0
            if handed:
                ledger.confirm(self.readers, number)
                self.found.sent += 1
                self.found.again += doubtful
            return True
        return False

    def _bytes(self, told: dict[str, Any], address: str) -> bytes:
        """The digest as a message; nothing where none of its papers is there any more."""
        reader = Reader(told["reader"], told["email"])
        letter = _written(self.readers, self.library, self.letters, told, reader, address)
        return wire(letter) if letter else b""

    def _refused(self, number: int, error: Refused, doubtful: bool) -> bool:
        self._note(str(error))
        if not doubtful:
            ledger.put_back(self.readers, number, str(error))
        if not error.for_good:
            return False
        ledger.give_up(self.readers, number, str(error))
        self.found.failed += 1
        return True

    def _wait(self, error: Broken) -> None:
        """Wait before the next connection, longer each time.

        Raises:
            InputError: It was tried often enough.
        """
        self._note(str(error))
        self.failures += 1
        if self.failures >= self.patience.tries:
            left, server = len(ledger.waiting(self.readers)), self.post.server
            wait = counted(left, "digest waits, and goes", "digests wait, and go")
            raise InputError(
                f"the mail server {server.host}:{server.port} is not reached ({error}); {wait} out with the next "
                "modicum feed digest"
            ) from error
        self.patience.sleep(min(self.patience.first * 2.0 ** (self.failures - 1), self.patience.most))

    def _note(self, reason: str) -> None:
        if reason not in self.found.reasons and len(self.found.reasons) < 5:
            self.found.reasons.append(reason)
