"""What a reader wants by mail, how often, and how it ends with one click."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.workspace.feed.keywords import Keywords
from modicum.workspace.feed.readers.addresses import one_line
from modicum.workspace.feed.readers.store import Reader, Readers

KINDS = ("trending", "tag", "keyword", "search")
EVERY = ("daily", "weekly")
WHAT, MOST = 200, 50
"""Characters of what is named, and subscriptions of a reader."""


@dataclass(frozen=True)
class Subscription:
    """One wish."""

    id: int
    kind: str
    """One of `KINDS`."""
    what: str
    """Name of the tag, number of the keyword's page, or the words of the search; empty for what is trending."""
    every: str
    """One of `EVERY`."""
    name: str
    """What it is called today: the name of the keyword's page, else `what`."""
    gone: bool = False
    """Whether the keyword's page was removed, so that it brings nothing."""


class Subscriptions:
    """The subscriptions of one reader. No statement reaches those of another one."""

    def __init__(self, readers: Readers, reader: Reader) -> None:
        self.readers = readers
        self.reader = reader.id

    def add(self, kind: str, what: str = "", every: str = "daily") -> None:
        """Subscribe; once is enough.

        Args:
            kind: One of `KINDS`.
            what: Name of the tag; the keyword by the address of its page, its name or number; or the words of the
                search; nothing for what is trending.
            every: One of `EVERY`.

        Raises:
            InputError: The kind or the frequency is not known, nothing is named, there is no such keyword page (those
                like it are told), or there are too many.
        """
        check_choice(kind, KINDS, "kind of subscription")
        check_choice(every, EVERY, "frequency")
        named = "" if kind == "trending" else one_line(what, WHAT, f"{kind} to subscribe to")
        if kind == "keyword":
            named = str(Keywords(self.readers).meant(named).number)
        with self.readers.transaction() as db:
            count = db.execute("SELECT count(*) FROM subscriptions WHERE reader = ?", (self.reader,)).fetchone()[0]
            if count >= MOST:
                raise InputError(f"there are {MOST} subscriptions already; end one first")
            row = (self.reader, kind, named, every, self.readers.clock())
            db.execute(
                "INSERT OR IGNORE INTO subscriptions (reader, kind, what, every, made) VALUES (?, ?, ?, ?, ?)", row
            )

    def all(self, every: str | None = None) -> list[Subscription]:
        """Subscriptions in the order in which they were made; those of one frequency where it is named."""
        rows = self.readers.rows(
            "SELECT id, kind, what, every FROM subscriptions WHERE reader = ? AND (? IS NULL OR every = ?) ORDER BY id",
            self.reader,
            every,
            every,
        )
        return [Subscription(**row, **_today(self.readers, row["kind"], row["what"])) for row in rows]

    def remove(self, number: int) -> None:
        """End a subscription, and what waits to be sent for it; nothing happens where the reader has none of it."""
        with self.readers.transaction() as db:
            mine = (number, self.reader)
            found = db.execute("SELECT every FROM subscriptions WHERE id = ? AND reader = ?", mine).fetchone()
            if found is not None:
                db.execute("DELETE FROM subscriptions WHERE id = ? AND reader = ?", mine)
                _release(db, self.reader, found["every"])


def _today(readers: Readers, kind: str, what: str) -> dict[str, Any]:
    """What a subscription is called, and whether its page is gone."""
    if kind != "keyword":
        return {"name": what}
    if not what.isdecimal():  # words, of before keywords had pages
        return {"name": what, "gone": True}
    name, there = Keywords(readers).called(int(what))
    return {"name": name, "gone": not there}


def ending_token(readers: Readers, reader: Reader, every: str) -> str:
    """What the address to unsubscribe ends with: good for one reader and frequency, without a session, for ever."""
    return f"{reader.id}.{every}.{readers.sign('unsubscribe', reader.id, every)}"


def ending_of(readers: Readers, token: str) -> tuple[Reader, str]:
    """The reader and the frequency that a token is for.

    Raises:
        InputError: It is not one of this feed, or the reader has left.
    """
    number, _, rest = token.partition(".")
    every, _, given = rest.partition(".")
    known = number.isascii() and number.isdecimal() and len(number) < 16 and every in EVERY
    right = known and readers.sign("unsubscribe", int(number), every)
    found = readers.rows("SELECT id, email FROM readers WHERE id = ?", int(number)) if known else []
    if not right or not hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")) or not found:
        raise InputError("this link to unsubscribe is not known here; it may be cut off, or its account removed")
    return Reader(**found[0]), every


def unsubscribe(readers: Readers, token: str) -> int:
    """End all subscriptions that a token is for, and what waits to be sent for them; returns how many there were.

    Raises:
        InputError: The token is not one of this feed.
    """
    reader, every = ending_of(readers, token)
    with readers.transaction() as db:
        ended = db.execute("DELETE FROM subscriptions WHERE reader = ? AND every = ?", (reader.id, every)).rowcount
        _release(db, reader.id, every)
    return ended


def _release(db: Connection, reader: int, every: str) -> None:
    """Give back what is planned for a reader and was never begun to be sent; what was begun is not begun again."""
    planned = "SELECT id FROM digests WHERE reader = ? AND every = ? AND state = 'reserved'"
    db.execute(f"DELETE FROM told WHERE reader = ? AND digest IN ({planned})", (reader, reader, every))
    db.execute("DELETE FROM digests WHERE reader = ? AND every = ? AND state = 'reserved'", (reader, every))
    db.execute(
        "UPDATE digests SET state = 'ended', message = NULL WHERE reader = ? AND every = ? AND state = 'sending'",
        (reader, every),
    )
