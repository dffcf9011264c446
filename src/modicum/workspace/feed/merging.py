"""Entries in, papers out: each entry finds its paper by identifier and title, and papers by vectors find each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection, Row

import numpy as np

from modicum.core.arrays import normalize_rows
from modicum.core.nearest import largest_products
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.read.feeds import Entry
from modicum.encoders import encode, resolve
from modicum.workspace.feed.likeness import Facts, same_title, same_work, title_key
from modicum.workspace.feed.search.part import text_of
from modicum.workspace.feed.store import Store

COSINE = 0.95
"""Of title and abstract: from here on two papers are one, where nothing forbids it."""
ABSTRACT = 200
"""Letters of an abstract from which on vectors are believed."""
NEIGHBOURS = 5
FIELDS = "title, abstract, authors, date, url, identifiers, tags, votes, mentions"


def take(db: Connection, source: int, entries: Iterable[Entry], now: float) -> int:
    """Write entries of a source, each once, and give each its paper; returns how many were new. In a transaction."""
    new = 0
    for entry in entries:
        known = db.execute("SELECT id, paper FROM entries WHERE source = ? AND key = ?", (source, entry.key)).fetchone()
        found = _papers_of(db, entry)
        paper = known["paper"] if known is not None else found[0] if found else _new_paper(db, entry, now)
        _write_entry(db, source, entry, paper, now)
        marks = {*entry.identifiers, f"title:{title_key(entry.title)}"} - {"title:"}
        db.executemany("INSERT OR IGNORE INTO marks VALUES (?, ?)", [(mark, paper) for mark in marks])
        _refresh(db, paper)
        for other in [one for one in found if one != paper]:
            if _join(db, paper, other):
                paper = min(paper, other)
        new += known is None
    return new


def merge_alike(store: Store, encoder: str | Encoder | None, *, progress: Progress = silent) -> int:
    """Merge papers whose vectors all but coincide; returns how many were merged into others.

    Only papers that changed since they were last compared are compared, with all others. Cost: O(N D) for each.
    """
    papers = store.rows(
        "SELECT id, title, abstract, authors, identifiers, compared FROM papers WHERE length(abstract) >= ?", ABSTRACT
    )
    fresh = [row for row, paper in enumerate(papers) if paper["compared"] is None]
    if not fresh:
        return 0
    texts = [text_of(paper) for paper in papers]
    X = normalize_rows(np.asarray(encode(texts, resolve(encoder, texts), progress=progress)))
    rows, cosines = largest_products(X[fresh], X, NEIGHBOURS, skip=np.array(fresh))
    merged = 0
    with store.transaction() as db:
        for place, row in enumerate(fresh):
            for other in rows[place][cosines[place] >= COSINE].tolist():
                merged += _join(db, store.paper(papers[row]["id"]), store.paper(papers[other]["id"]), strict=True)
        numbers = [(papers[row]["id"],) for row in fresh]
        db.executemany("UPDATE papers SET compared = 'yes' WHERE id = ?", numbers)
    return merged


def _papers_of(db: Connection, entry: Entry) -> list[int]:
    """Papers that an entry may be one of: none, one, or several that it may show to be one; by identifiers first."""
    facts = Facts(entry.title, entry.abstract, entry.authors, entry.identifiers)
    key = title_key(entry.title)
    found = []
    for mark in (*entry.identifiers, *([f"title:{key}"] if key else [])):
        rows = db.execute(
            f"SELECT id, {FIELDS} FROM marks JOIN papers ON id = paper WHERE mark = ? ORDER BY id", (mark,)
        )
        for row in rows.fetchall():
            other = _facts(row)
            by_title = mark.startswith("title:")
            if same_title(facts, other) if by_title else same_work(facts, other) or title_key(other.title) == key:
                found.append(int(row["id"]))
    return list(dict.fromkeys(found))


def _join(db: Connection, paper: int, other: int, *, strict: bool = False) -> bool:
    """Have two papers be one, under the lower number, unless facts forbid it; returns whether they were joined.

    Facts are those of today: a third that is like both does not make one of two papers that differ.
    """
    one, two = sorted((paper, other))
    told = [db.execute(f"SELECT {FIELDS} FROM papers WHERE id = ?", (number,)).fetchone() for number in (one, two)]
    if one == two or not same_work(_facts(told[0]), _facts(told[1]), strict=strict):
        return False
    _move(db, two, one)
    _refresh(db, one)
    return True


def _facts(row: Row) -> Facts:
    authors, identifiers = json.loads(row["authors"]), json.loads(row["identifiers"])
    return Facts(row["title"], row["abstract"], tuple(authors), tuple(identifiers))


def _new_paper(db: Connection, entry: Entry, now: float) -> int:
    values = (entry.title, entry.abstract, "[]", "[]", "[]", 0, 0, now)
    added = db.execute(
        "INSERT INTO papers (title, abstract, authors, identifiers, tags, votes, mentions, seen) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return int(added.lastrowid or 0)


def _write_entry(db: Connection, source: int, entry: Entry, paper: int, now: float) -> None:
    lists = [json.dumps(value, ensure_ascii=False) for value in (entry.authors, entry.identifiers, entry.tags)]
    values = (entry.title, entry.abstract, lists[0], entry.date, entry.url, *lists[1:], entry.votes, entry.mentions)
    db.execute(
        f"INSERT INTO entries (source, key, paper, read_at, place, {FIELDS}) VALUES ({', '.join('?' * 14)}) "
        "ON CONFLICT (source, key) DO UPDATE SET paper = excluded.paper, place = excluded.place, "
        + ", ".join(f"{name} = excluded.{name}" for name in FIELDS.split(", ")),
        (source, entry.key, paper, now, entry.source, *values),
    )


def _move(db: Connection, paper: int, to_paper: int) -> None:
    """Have one paper be another, and leave a pointer."""
    db.execute("UPDATE entries SET paper = ? WHERE paper = ?", (to_paper, paper))
    db.execute("INSERT OR IGNORE INTO marks SELECT mark, ? FROM marks WHERE paper = ?", (to_paper, paper))
    db.execute("DELETE FROM marks WHERE paper = ?", (paper,))
    db.execute("DELETE FROM papers WHERE id = ?", (paper,))
    db.execute("UPDATE moved SET to_paper = ? WHERE to_paper = ?", (to_paper, paper))
    db.execute("INSERT INTO moved VALUES (?, ?)", (paper, to_paper))


def _refresh(db: Connection, paper: int) -> None:
    """Tell a paper anew from all its entries: text of the one with the longest abstract, of equal ones the first."""
    rows = db.execute(
        f"SELECT source, place, {FIELDS} FROM entries WHERE paper = ? ORDER BY length(abstract) DESC, id",
        (paper,),
    ).fetchall()
    lists = {name: [json.loads(row[name]) for row in rows] for name in ("authors", "identifiers", "tags")}
    told = {
        "title": rows[0]["title"],
        "abstract": rows[0]["abstract"],
        "authors": json.dumps(max(lists["authors"], key=len), ensure_ascii=False),
        "date": min((row["date"] for row in rows if row["date"]), default=None),
        "url": next((row["url"] for row in rows if row["url"]), None),
        "identifiers": json.dumps(_union(lists["identifiers"])),
        "tags": json.dumps(_union(lists["tags"]), ensure_ascii=False),
        "votes": sum(row["votes"] or 0 for row in rows),
        # Each further place that carries the paper mentions it.
        "mentions": sum(row["mentions"] or 0 for row in rows) + len({row["place"] for row in rows}) - 1,
    }
    before = db.execute("SELECT title, abstract FROM papers WHERE id = ?", (paper,)).fetchone()
    same = (before["title"], before["abstract"]) == (told["title"], told["abstract"])
    db.execute(
        f"UPDATE papers SET {', '.join(f'{name} = ?' for name in told)}, compared = "
        f"{'compared' if same else 'NULL'} WHERE id = ?",
        (*told.values(), paper),
    )


def _union(lists: Sequence[Sequence[str]]) -> list[str]:
    return sorted({one for each in lists for one in each})
