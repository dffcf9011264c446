"""Everything a reader gave, and what was made of it, as one object of JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from modicum.workspace.feed.readers.store import Reader, Readers
from modicum.workspace.feed.readers.subscriptions import Subscriptions


def export(readers: Readers, reader: Reader) -> dict[str, Any]:
    """All that is kept of a reader: account, sessions, marks, subscriptions and digests. Secrets are not among it.

    Args:
        readers: The readers of the feed.
        reader: Whose data it is; nobody else's is in it.
    """
    ask, number = readers.rows, reader.id
    account = ask("SELECT email, made FROM readers WHERE id = ?", number)
    opinions = ask("SELECT paper, liked, hidden, note, changed FROM opinions WHERE reader = ? ORDER BY paper", number)
    tags = ask("SELECT name, paper, made FROM tags WHERE reader = ? ORDER BY name, paper", number)
    wanted = ask("SELECT kind, what, every, made FROM subscriptions WHERE reader = ? ORDER BY id", number)
    called = [{"called": one.name} for one in Subscriptions(readers, reader).all()]
    digests = ask("SELECT period, state, made, sent, parts FROM digests WHERE reader = ? ORDER BY id", number)
    told = [row["paper"] for row in ask("SELECT paper FROM told WHERE reader = ? ORDER BY paper", number)]
    numbers = {row["paper"] for row in (*opinions, *tags)} | set(told)
    return {
        "account": [_dated(row, "made") for row in account],
        "sessions": [_dated(row, "made", "expires") for row in readers.sessions(reader)],
        "marks": [_dated({**row, **_flags(row)}, "changed") for row in opinions],
        "tags": [_dated(row, "made") for row in tags],
        "subscriptions": [_dated({**row, **name}, "made") for row, name in zip(wanted, called, strict=True)],
        "digests": [_dated({**row, "parts": json.loads(row["parts"])}, "made", "sent") for row in digests],
        "papers_told": told,
        "papers": {str(paper): _paper(readers, paper) for paper in sorted(numbers)},
    }


def _paper(readers: Readers, number: int) -> dict[str, Any] | None:
    today = readers.paper(number)
    return next(iter(readers.rows("SELECT id AS number, title, url FROM feed.papers WHERE id = ?", today)), None)


def _flags(row: dict[str, Any]) -> dict[str, bool]:
    return {name: bool(row[name]) for name in ("liked", "hidden")}


def _dated(row: dict[str, Any], *names: str) -> dict[str, Any]:
    times = {name: row[name] and datetime.fromtimestamp(row[name], UTC).isoformat(timespec="seconds") for name in names}
    return {**row, **times}
