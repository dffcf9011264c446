"""What is looked at in a feed: papers by number, by day and by source, and what is trending. It only reads.

A paper's day is that of its date, as exact as it is told; without a date, or with one in the future, the day on which
it was first read. Every thread has a connection of its own, and sees what another process reads as soon as it is saved.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np

from modicum.workspace.feed.store import FILE, PATIENCE, Store
from modicum.workspace.feed.trending import trend_scores

DAY = "min(coalesce(substr(date, 1, 10), '9'), date(seen, 'unixepoch'))"
"""The day of a paper, in SQL."""
HORIZON = 60
"""Days after which nothing trends: a millionth of a score is left."""


@dataclass(frozen=True)
class Paper:
    """A paper as the feed tells of it."""

    number: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    day: str
    """`2024`, `2024-05` or `2024-05-31`."""
    dated: bool
    """Whether that is the paper's own date, and not the day on which it was first read."""
    url: str | None
    identifiers: tuple[str, ...]
    tags: tuple[str, ...]
    votes: int
    mentions: int


@dataclass(frozen=True)
class Filters:
    """Which papers are meant; all, where nothing is said."""

    since: str | None = None
    """First day, in ISO form; a month or a year alone begins with its first day, as that of a paper does."""
    until: str | None = None
    """Last day."""
    source: int | None = None
    """Number of a source."""
    among: Collection[int] | None = None
    """Numbers of the only papers that may be shown."""
    without: Collection[int] = field(default=())
    """Numbers of papers that are not shown."""

    def condition(self) -> tuple[str, list[Any]]:
        """The filters as a condition of SQL on `papers`, and its values.

        Example:
            >>> Filters(source=3).condition()
            ('id IN (SELECT paper FROM entries WHERE source = ?)', [3])
        """
        found: list[tuple[str, Any]] = []
        if self.since is not None:
            found.append((f"{DAY} >= ?", _as_short(self.since)))
        if self.until is not None:
            found.append((f"{DAY} <= ?", f"{self.until}~"))  # a sign after all of those that may follow
        if self.source is not None:
            found.append(("id IN (SELECT paper FROM entries WHERE source = ?)", self.source))
        if self.among is not None:
            found.append(("id IN (SELECT value FROM json_each(?))", json.dumps(sorted(self.among))))
        if self.without:
            found.append(("id NOT IN (SELECT value FROM json_each(?))", json.dumps(sorted(self.without))))
        return " AND ".join(part for part, _ in found) or "TRUE", [value for _, value in found]


@dataclass(frozen=True)
class Trending:
    """Papers with their scores, highest first."""

    papers: tuple[Paper, ...]
    scores: tuple[float, ...]
    of: int
    """How many papers have a score at all."""


class Library:
    """A feed's folder, opened for looking."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own = threading.local()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a folder, and see to the index by day.

        Raises:
            InputError: It holds no feed.
        """
        store = Store.open(folder)
        with store.transaction() as db:
            db.execute(f"CREATE INDEX IF NOT EXISTS papers_by_day ON papers ({DAY} DESC, id DESC)")
        store.close()
        return cls(folder)

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection; nothing can be written through it."""
        found: sqlite3.Connection | None = getattr(self._own, "db", None)
        if found is None:
            found = sqlite3.connect(self.folder / FILE, timeout=PATIENCE, isolation_level=None)
            found.row_factory = sqlite3.Row
            found.execute("PRAGMA query_only = ON")
            self._own.db = found
        return found

    def count(self, filters: Filters | None = None) -> int:
        """How many papers there are."""
        where, values = (filters or Filters()).condition()
        return int(self.db.execute(f"SELECT count(*) FROM papers WHERE {where}", values).fetchone()[0])

    def standing(self, number: int) -> int:
        """The number under which a paper is known today."""
        found = self.db.execute("SELECT to_paper FROM moved WHERE paper = ?", (number,)).fetchone()
        return number if found is None else self.standing(found[0])

    def papers(self, numbers: Sequence[int]) -> list[Paper]:
        """Papers in the order of their numbers' list; numbers that lead elsewhere or nowhere are left out."""
        rows = self.db.execute(
            f"SELECT *, {DAY} AS day FROM papers WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([int(number) for number in numbers]),),
        )
        found = {row["id"]: _paper(row) for row in rows}
        return [found[number] for number in dict.fromkeys(numbers) if number in found]

    def newest(self, first: int, count: int, filters: Filters | None = None) -> list[Paper]:
        """Papers from the `first` on, the latest day before."""
        where, values = (filters or Filters()).condition()
        rows = self.db.execute(
            f"SELECT *, {DAY} AS day FROM papers WHERE {where} ORDER BY {DAY} DESC, id DESC LIMIT ? OFFSET ?",
            (*values, count, first),
        )
        return [_paper(row) for row in rows]

    def trending(self, first: int, count: int, now: float, filters: Filters | None = None) -> Trending:
        """What is trending by `trend_scores`, ages in whole days; of equal scores the newer paper first.

        Args:
            first: How many are passed over.
            count: How many are wanted.
            now: Seconds since 1970.
            filters: Which papers are meant.
        """
        where, values = (filters or Filters()).condition()
        today = datetime.fromtimestamp(now, UTC).date()
        earliest = date.fromordinal(today.toordinal() - HORIZON).isoformat()
        rows = self.db.execute(
            f"SELECT id, votes, mentions, {DAY} AS day FROM papers WHERE votes + mentions > 0 AND {DAY} >= ? "
            f"AND {where} ORDER BY {DAY} DESC, id DESC",
            (earliest, *values),
        ).fetchall()
        days = [float((today - _first_day(row["day"])).days) for row in rows]
        scores = trend_scores([row["votes"] for row in rows], [row["mentions"] for row in rows], days)
        order = np.argsort(-scores, kind="stable")[first : first + count].tolist()
        told = {rows[place]["id"]: float(scores[place]) for place in order}
        papers = self.papers(list(told))  # without those that another process has merged into others meanwhile
        return Trending(tuple(papers), tuple(told[paper.number] for paper in papers), len(rows))

    def sources(self) -> list[dict[str, Any]]:
        """Sources: number, name as it may be shown, papers, and when they were last read."""
        rows = self.db.execute(
            "SELECT sources.id AS number, address, polled, failures, count(DISTINCT paper) AS papers FROM sources "
            "LEFT JOIN entries ON source = sources.id GROUP BY sources.id ORDER BY papers DESC, sources.id"
        )
        return [{**dict(row), "name": source_name(row["address"])} for row in rows]

    def entries(self, number: int) -> list[dict[str, Any]]:
        """All that sources tell of a paper: where, when, under which address, with how many votes."""
        rows = self.db.execute(
            "SELECT place, url, date, votes, mentions, read_at, source, title FROM entries WHERE paper = ? ORDER BY id",
            (number,),
        )
        return [{**dict(row), "name": source_name(row["place"])} for row in rows]


def source_name(address: str) -> str:
    """A source's name for readers: of files only what follows the folder, as theirs are nobody's concern.

    Example:
        >>> source_name("/home/ana/papers"), source_name("https://a.org/feed.atom"), source_name("arxiv:cat:cs.CL")
        ('papers', 'a.org/feed.atom', 'arxiv:cat:cs.CL')
    """
    if address.lower().startswith(("http://", "https://")):
        parts = urlsplit(address)
        return f"{parts.hostname or ''}{parts.path.rstrip('/')}"
    return Path(address).name if Path(address).is_absolute() else address


def _paper(row: sqlite3.Row) -> Paper:
    authors, identifiers, tags = (tuple(json.loads(row[name])) for name in ("authors", "identifiers", "tags"))
    dated = row["date"] is not None and row["date"].startswith(row["day"])
    told = (row["id"], row["title"], row["abstract"], authors, row["day"], dated, row["url"], identifiers, tags)
    return Paper(*told, row["votes"], row["mentions"])


def _as_short(day: str) -> str:
    """The shortest way to tell a day, which in the order of texts comes before all longer ones.

    Example:
        >>> _as_short("2024-01-01"), _as_short("2024-05-01"), _as_short("2024-05-02")
        ('2024', '2024-05', '2024-05-02')
    """
    return day.removesuffix("-01").removesuffix("-01")


def _first_day(day: str) -> date:
    """The first day that a date may mean.

    Example:
        >>> _first_day("2024-05")
        datetime.date(2024, 5, 1)
    """
    year, month, number = (*(int(part) for part in day.split("-")), 1, 1)[:3]
    return date(year, month, number)
