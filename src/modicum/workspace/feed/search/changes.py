"""Which papers changed since the index last looked: a log that SQLite itself keeps, whoever writes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from modicum.workspace.feed.store import Store

MANY = 500
"""Numbers that one statement names."""
_NOTE = "INSERT OR REPLACE INTO changed (paper) VALUES"
_TRIGGERS = {
    "changed_new": f"AFTER INSERT ON papers BEGIN {_NOTE} (NEW.id); END",
    "changed_gone": f"AFTER DELETE ON papers BEGIN {_NOTE} (OLD.id); END",
    "changed_text": "AFTER UPDATE OF title, abstract, date ON papers WHEN OLD.title IS NOT NEW.title OR "
    f"OLD.abstract IS NOT NEW.abstract OR OLD.date IS NOT NEW.date BEGIN {_NOTE} (NEW.id); END",
    "changed_entry": f"AFTER INSERT ON entries BEGIN {_NOTE} (NEW.paper); END",
    "changed_place": f"AFTER UPDATE OF paper ON entries WHEN OLD.paper IS NOT NEW.paper BEGIN {_NOTE} (NEW.paper); END",
}


def watch(store: Store) -> str:
    """Have every change of a paper be noted, from now on; all papers that are there count as changed.

    Returns:
        The mark of this feed, which no other has.

    Raises:
        InputError: The feed cannot be written.
    """
    if not store.rows("SELECT 1 FROM sqlite_master WHERE name = 'changed_in'"):
        with store.transaction() as db:
            db.execute("CREATE TABLE IF NOT EXISTS changed (seq INTEGER PRIMARY KEY AUTOINCREMENT, paper INT UNIQUE)")
            for name, told in _TRIGGERS.items():
                db.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {told}")
            db.execute("INSERT OR IGNORE INTO changed (paper) SELECT id FROM papers ORDER BY id")
            db.execute("CREATE TABLE IF NOT EXISTS changed_in (mark TEXT NOT NULL)")
            db.execute("INSERT INTO changed_in VALUES (?)", (secrets.token_hex(16),))
    return str(store.rows("SELECT mark FROM changed_in LIMIT 1")[0]["mark"])


def last_change(store: Store) -> int:
    """Number of the last change; 0 where there was none."""
    return int(store.rows("SELECT ifnull(max(seq), 0) AS last FROM changed")[0]["last"])


def changed_after(store: Store, seq: int, most: int) -> list[tuple[int, int]]:
    """Number of the change and of the paper, each paper once, of up to `most` changes after one."""
    rows = store.rows("SELECT seq, paper FROM changed WHERE seq > ? ORDER BY seq LIMIT ?", seq, most)
    return [(row["seq"], row["paper"]) for row in rows]


def papers_told(store: Store, papers: Sequence[int]) -> tuple[list[dict[str, Any]], dict[int, list[int]]]:
    """Number, title, abstract and date of those papers that are there, by number, and the sources that carry them."""
    told: list[dict[str, Any]] = []
    sources: dict[int, list[int]] = {}
    ordered = sorted(papers)
    for start in range(0, len(ordered), MANY):
        some = ordered[start : start + MANY]
        marks = ", ".join("?" * len(some))
        told += store.rows(f"SELECT id, title, abstract, date FROM papers WHERE id IN ({marks}) ORDER BY id", *some)
        for row in store.rows(f"SELECT DISTINCT paper, source FROM entries WHERE paper IN ({marks})", *some):
            sources.setdefault(row["paper"], []).append(row["source"])
    return told, sources
