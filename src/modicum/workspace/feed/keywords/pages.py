"""The keywords of a feed: looked at, renamed, merged and dropped. A keyword's number, thus its address, stays."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from sqlite3 import Connection
from typing import Any

from modicum.core.errors import InputError
from modicum.workspace.feed.likeness import title_key
from modicum.workspace.feed.store import Store

LETTERS = 80
"""Letters that a name may have."""
LIKE = 3
"""Pages that are named where none is called as it was said."""
ADDRESS = re.compile(r"(?:^|/)keyword/(\d{1,15})(?![\w])")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keywords (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, terms TEXT NOT NULL,
  by_user INTEGER NOT NULL DEFAULT 0, dropped INTEGER NOT NULL DEFAULT 0, merged_into INTEGER REFERENCES keywords
);
CREATE TABLE IF NOT EXISTS keyword_papers (
  keyword INTEGER NOT NULL REFERENCES keywords, paper INTEGER NOT NULL, likeness REAL NOT NULL,
  PRIMARY KEY (keyword, paper)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keywords_of_papers ON keyword_papers (paper);
CREATE TABLE IF NOT EXISTS paper_topics (paper INTEGER PRIMARY KEY, topic INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keywords_read (feed TEXT PRIMARY KEY, seq INTEGER NOT NULL, encoder TEXT NOT NULL);
"""
TABLE = "paper_topics"
"""The table that is there if all are."""
_SHOWN = "dropped = 0 AND merged_into IS NULL"


@dataclass(frozen=True)
class Keyword:
    """A keyword with a page of its own."""

    number: int
    """What its address is made of; never given twice."""
    name: str
    terms: tuple[str, ...]
    """Terms that tell its papers from others."""
    papers: int
    """How many are on its page."""
    by_user: bool
    """Whether somebody gave the name."""


class Keywords:
    """The keywords of a feed.

    Args:
        store: The feed, opened by the calling thread; or its readers, who cannot edit them.

    Raises:
        InputError: The feed cannot be written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        if not store.rows("SELECT 1 FROM pragma_table_info(?)", TABLE):  # also of a feed attached
            with store.transaction() as db:
                for statement in _SCHEMA.split(";"):
                    db.execute(statement)

    def all(self) -> list[Keyword]:
        """Every keyword, those of most papers first."""
        return self._keywords(f"{_SHOWN} ORDER BY papers DESC, id")

    def find(self, number: int) -> Keyword | None:
        """The keyword of a number, or the one into which it was merged; None where there is none, or it was dropped."""
        found = self._keywords(f"{_SHOWN} AND id = ?", self.standing(number))
        return found[0] if found else None

    def meant(self, said: str) -> Keyword:
        """The keyword that is meant by the address of its page, by its name, or by its number.

        Raises:
            InputError: There is none; pages like it are named.
        """
        every, wanted = self.all(), " ".join(said.split())
        address = ADDRESS.search(wanted)
        number = address.group(1) if address else wanted
        called = {keyword.name.casefold(): keyword for keyword in every}
        found = None if address else called.get(wanted.casefold())
        if found is None and number.isascii() and number.isdecimal() and len(number) < 16:
            found = self.find(int(number))
        if found is None:
            raise InputError(_unknown(wanted, every))
        return found

    def called(self, number: int) -> tuple[str, bool]:
        """What a keyword is called today, or was last, and whether it has a page."""
        found = self._store.rows("SELECT name, dropped FROM keywords WHERE id = ?", self.standing(number))
        return (found[0]["name"], not found[0]["dropped"]) if found else (str(number), False)

    def standing(self, number: int) -> int:
        """The number under which a keyword is known today."""
        found = self._store.rows("SELECT merged_into FROM keywords WHERE id = ?", number)
        into = found[0]["merged_into"] if found else None
        return number if into is None else self.standing(int(into))

    def papers(self, number: int) -> list[int]:
        """Numbers of the papers on a keyword's page, those nearest to its middle first."""
        rows = self._store.rows(
            "SELECT paper FROM keyword_papers WHERE keyword = ? ORDER BY likeness DESC, paper", self.standing(number)
        )
        return [int(row["paper"]) for row in rows]

    def of(self, papers: Sequence[int]) -> dict[int, list[Keyword]]:
        """The keywords of papers, the nearest first; a paper without one is not told."""
        every = {keyword.number: keyword for keyword in self.all()}
        rows = self._store.rows(
            "SELECT paper, keyword FROM keyword_papers WHERE paper IN (SELECT value FROM json_each(?)) "
            "ORDER BY paper, likeness DESC, keyword",
            json.dumps([int(paper) for paper in papers]),
        )
        found: dict[int, list[Keyword]] = {}
        for row in rows:
            if row["keyword"] in every:
                found.setdefault(int(row["paper"]), []).append(every[row["keyword"]])
        return found

    def rename(self, number: int, name: str) -> None:
        """Give a keyword another name, which stays.

        Raises:
            InputError: There is no such keyword, the name is empty, too long or holds signs that show nothing, or
                another keyword has it.
        """
        keyword, name = self._there(number), " ".join(name.split())
        if not 0 < len(name) <= LETTERS:
            raise InputError(f"a keyword's name has 1 to {LETTERS} letters, not {len(name)}; give another one")
        if not name.isprintable():
            raise InputError(f"the name {name!r} holds signs that show nothing; leave them out")
        taken = [one for one in self.all() if one.name.casefold() == name.casefold() and one.number != keyword.number]
        if taken:
            raise InputError(f"another keyword is called {name!r} already; merge the two, or take another name")
        with self._store.transaction() as db:
            db.execute("UPDATE keywords SET name = ?, by_user = 1 WHERE id = ?", (name, keyword.number))

    def merge(self, numbers: Sequence[int]) -> None:
        """Make several keywords one, which has number and name of the first; the addresses of the others lead to it.

        Raises:
            InputError: Fewer than two are named, or one is not there.
        """
        named = list(dict.fromkeys(self._there(number).number for number in numbers))
        if len(named) < 2:
            raise InputError("merging takes two keywords or more; name both")
        first = named[0]
        with self._store.transaction() as db:
            for other in named[1:]:
                db.execute(
                    "INSERT INTO keyword_papers SELECT ?, paper, likeness FROM keyword_papers WHERE keyword = ? "
                    "ON CONFLICT DO UPDATE SET likeness = max(likeness, excluded.likeness)",
                    (first, other),
                )
                db.execute("DELETE FROM keyword_papers WHERE keyword = ?", (other,))
                db.execute("UPDATE keywords SET merged_into = ? WHERE id = ?", (first, other))

    def drop(self, number: int) -> None:
        """Have a keyword's page be no more; its papers stay, and it does not come again.

        Raises:
            InputError: There is no such keyword.
        """
        keyword = self._there(number)
        with self._store.transaction() as db:
            db.execute("UPDATE keywords SET dropped = 1 WHERE id = ?", (keyword.number,))
            db.execute("DELETE FROM keyword_papers WHERE keyword = ?", (keyword.number,))

    def _there(self, number: int) -> Keyword:
        found = self.find(number)
        if found is None:
            raise InputError(f"there is no keyword {number}; it was dropped, or never there")
        return found

    def _keywords(self, condition: str, *values: Any) -> list[Keyword]:
        rows = self._store.rows(
            "SELECT id, name, terms, by_user, (SELECT count(*) FROM keyword_papers WHERE keyword = id) AS papers "
            f"FROM keywords WHERE {condition}",
            *values,
        )
        return [
            Keyword(row["id"], row["name"], tuple(json.loads(row["terms"])), row["papers"], bool(row["by_user"]))
            for row in rows
        ]


def _unknown(said: str, every: Sequence[Keyword]) -> str:
    """What is said where no page is called so: which are like it by name, or hold its words, and what else to do."""
    if not every:
        return (
            "there are no keyword pages as yet, which are found from 30 papers on; subscribe to a search of the words"
        )
    names, words = {title_key(one.name): one.name for one in every}, set(title_key(said).split())
    near = [names[key] for key in get_close_matches(title_key(said), names, n=LIKE, cutoff=0.6)]
    shared = [(len(words & set(title_key(" ".join((one.name, *one.terms))).split())), one.name) for one in every]
    holding = [name for count, name in sorted(shared, key=lambda one: -one[0]) if count]
    alike = list(dict.fromkeys([*near, *holding]))[:LIKE]
    shown = ", ".join(repr(name) for name in alike or [one.name for one in every[:LIKE]])
    told = f"most like it {'is' if len(alike) == 1 else 'are'}" if alike else "the largest are"
    return (
        f"there is no keyword page {said!r}; {told} {shown}; name one of these, or subscribe to a search of the words"
    )


def standing_of(db: Connection) -> dict[int, int | None]:
    """For the topic of each keyword the number under which its papers are shown; None where it was dropped."""
    rows = db.execute("SELECT id, topic, dropped, merged_into FROM keywords").fetchall()
    into = {row["id"]: row["merged_into"] for row in rows}
    dropped = {row["id"] for row in rows if row["dropped"]}
    found: dict[int, int | None] = {}
    for row in rows:
        number = row["id"]
        while into[number] is not None:
            number = into[number]
        found[row["topic"]] = None if number in dropped else number
    return found
