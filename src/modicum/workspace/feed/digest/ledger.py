"""The ledger of digests: each is reserved before it is sent and confirmed after, and no period is paid for twice.

A digest is `reserved` with its papers and its Message-ID in one transaction; `sending`, with the very bytes, before the
server is given them; `sent` once the server has taken them. What is found `reserved` was never given to a server. What
is found `sending` is in doubt: a kill came between, or the connection broke, and the server may have it. It is sent
again, the same bytes under the same Message-ID, so that a server or mailbox that compares these drops the second: one
copy too many is told apart, a digest that never came is not.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

from modicum.workspace.feed.digest.choosing import Part
from modicum.workspace.feed.readers import Reader, Readers
from modicum.workspace.feed.readers.store import DAY

LATE = 7 * DAY
"""Seconds after which a digest that could not be sent is dropped."""
KEPT = 120 * DAY
"""Seconds for which what was sent is remembered: nothing so old is chosen again."""
OPEN = "('reserved', 'sending')"


def period_of(every: str, now: float) -> str:
    """The period that a moment lies in: a day or an ISO week of UTC.

    Example:
        >>> period_of("daily", 0.0), period_of("weekly", 0.0)
        ('day 1970-01-01', 'week 1970-W01')
    """
    at = datetime.fromtimestamp(now, UTC)
    return f"day {at:%Y-%m-%d}" if every == "daily" else f"week {at:%G-W%V}"


def due(readers: Readers, every: str) -> list[Reader]:
    """Readers who want a digest of a frequency and have none of this period, by number."""
    rows = readers.rows(
        "SELECT id, email FROM readers WHERE id IN (SELECT reader FROM subscriptions WHERE every = ?) "
        "AND id NOT IN (SELECT reader FROM digests WHERE period = ?) ORDER BY id",
        every,
        period_of(every, readers.clock()),
    )
    return [Reader(**row) for row in rows]


def told(readers: Readers, reader: Reader, *, before: int | None = None) -> set[int]:
    """Numbers of today of all papers that were in digests of a reader, or in those before one of them."""
    rows = readers.rows(
        "SELECT ifnull(to_paper, told.paper) AS paper FROM told LEFT JOIN feed.moved ON moved.paper = told.paper "
        "WHERE reader = ? AND (? IS NULL OR digest < ?)",
        reader.id,
        before,
        before,
    )
    return {row["paper"] for row in rows}


def reserve(readers: Readers, every: str, chosen: Sequence[tuple[Reader, Sequence[Part]]], domain: str) -> int:
    """Reserve digests of this period, all or none; returns how many. Who has left meanwhile is left out."""
    now, reserved = readers.clock(), 0
    period = period_of(every, now)
    wanted = "EXISTS (SELECT 1 FROM subscriptions WHERE reader = ? AND every = ?)"
    with readers.transaction() as db:
        for reader, parts in chosen:
            parts_told = json.dumps([part.to_list() for part in parts], ensure_ascii=False)
            message_id = f"<{period.split()[1].lower()}.{secrets.token_hex(16)}@{domain}>"
            values = (reader.id, period, every, message_id, now, parts_told, reader.id, every)
            added = db.execute(
                "INSERT OR IGNORE INTO digests (reader, period, every, message_id, state, made, parts) "
                f"SELECT ?, ?, ?, ?, 'reserved', ?, ? WHERE {wanted}",
                values,
            )
            if added.rowcount:
                papers = [(reader.id, number, added.lastrowid) for part in parts for number in part.papers]
                db.executemany("INSERT INTO told VALUES (?, ?, ?)", papers)
                reserved += 1
    return reserved


def waiting(readers: Readers) -> list[int]:
    """Numbers of digests that are to be sent, those in doubt first."""
    rows = readers.rows(f"SELECT id FROM digests WHERE state IN {OPEN} ORDER BY state DESC, id")
    return [row["id"] for row in rows]


def digest(readers: Readers, number: int) -> dict[str, Any] | None:
    """A digest that is to be sent, with its reader's address; None where it was ended meanwhile."""
    rows = readers.rows(
        "SELECT digests.id, reader, email, every, period, message_id, state, digests.made, parts, message, tries "
        f"FROM digests JOIN readers ON readers.id = reader WHERE digests.id = ? AND state IN {OPEN}",
        number,
    )
    return {**rows[0], "parts": json.loads(rows[0]["parts"])} if rows else None


def begin(readers: Readers, number: int, message: bytes) -> bool:
    """Note that a server is about to be given a digest, and the bytes; False where it was ended meanwhile."""
    with readers.transaction() as db:
        changed = db.execute(
            f"UPDATE digests SET state = 'sending', message = ?, tries = tries + 1 WHERE id = ? AND state IN {OPEN}",
            (message, number),
        )
        return bool(changed.rowcount)


def confirm(readers: Readers, number: int) -> None:
    """Note that a server has taken a digest."""
    with readers.transaction() as db:
        db.execute(
            "UPDATE digests SET state = 'sent', sent = ?, message = NULL, error = NULL WHERE id = ?",
            (readers.clock(), number),
        )


def put_back(readers: Readers, number: int, reason: str) -> None:
    """Note that a server refused a digest for now, so that none has it."""
    with readers.transaction() as db:
        db.execute(
            f"UPDATE digests SET state = 'reserved', error = ? WHERE id = ? AND state IN {OPEN}", (reason, number)
        )


def give_up(readers: Readers, number: int, reason: str) -> None:
    """Note that a server refused a digest for good; its papers may be in a later one."""
    with readers.transaction() as db:
        _close(db, number, "failed", reason)


def tidy(readers: Readers) -> int:
    """Drop digests that could not be sent for days, and forget what was sent months ago; returns how many dropped."""
    now = readers.clock()
    with readers.transaction() as db:
        query = f"SELECT id FROM digests WHERE state IN {OPEN} AND made < ?"
        late = [row["id"] for row in db.execute(query, (now - LATE,))]
        for number in late:
            _close(db, number, "dropped", "it could not be sent in time")
        old = "SELECT id FROM digests WHERE made < ?"
        db.execute(f"DELETE FROM told WHERE digest IN ({old})", (now - KEPT,))
        db.execute("DELETE FROM digests WHERE made < ?", (now - KEPT,))
    return len(late)


def _close(db: Connection, number: int, state: str, reason: str) -> None:
    """Close a digest that is not sent. Papers of one that is in doubt stay told: it may have come."""
    db.execute(
        "DELETE FROM told WHERE digest = ? AND EXISTS (SELECT 1 FROM digests WHERE id = ? AND state = 'reserved')",
        (number, number),
    )
    db.execute(
        f"UPDATE digests SET state = ?, error = ?, message = NULL WHERE id = ? AND state IN {OPEN}",
        (state, reason, number),
    )
