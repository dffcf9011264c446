"""A feed's folder: sources, entries and papers in SQLite. What is written is whole or not there, whenever it is killed.

Every run of entries is one transaction with the place up to which its source is read, so that a killed reading goes on
where it stopped. Papers keep their numbers; one that turns out to be another leaves a pointer to it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, ClassVar, Self

from modicum.core.errors import InputError
from modicum.core.files import held_alone

FILE, LOCK = "feed.sqlite", ".feed.lock"
VERSION = 1
PATIENCE = 30.0
"""Seconds to wait for another connection's transaction."""

SCHEMA = """
CREATE TABLE sources (
  id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, added REAL NOT NULL, polled REAL, due REAL NOT NULL DEFAULT 0,
  place INTEGER NOT NULL DEFAULT -1, print TEXT, etag TEXT, modified TEXT,
  failures INTEGER NOT NULL DEFAULT 0, error TEXT
);
CREATE TABLE papers (
  id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, abstract TEXT NOT NULL, authors TEXT NOT NULL,
  date TEXT, url TEXT,
  identifiers TEXT NOT NULL, tags TEXT NOT NULL, votes INTEGER NOT NULL, mentions INTEGER NOT NULL, seen REAL NOT NULL,
  compared TEXT
);
CREATE TABLE entries (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources, key TEXT NOT NULL,
  paper INTEGER NOT NULL REFERENCES papers, read_at REAL NOT NULL, place TEXT NOT NULL, title TEXT NOT NULL,
  abstract TEXT NOT NULL, authors TEXT NOT NULL, date TEXT, url TEXT, identifiers TEXT NOT NULL, tags TEXT NOT NULL,
  votes INTEGER, mentions INTEGER, UNIQUE (source, key)
);
CREATE INDEX entries_of_papers ON entries (paper);
CREATE TABLE marks (mark TEXT NOT NULL, paper INTEGER NOT NULL REFERENCES papers, PRIMARY KEY (mark, paper))
  WITHOUT ROWID;
CREATE INDEX marks_of_papers ON marks (paper);
CREATE TABLE moved (paper INTEGER PRIMARY KEY, to_paper INTEGER NOT NULL);
"""


class Store:
    """An open folder. Any number of processes may read; one at a time reads sources into it. Threads take turns."""

    name: ClassVar[str] = FILE
    version: ClassVar[int] = VERSION
    schema: ClassVar[str] = SCHEMA

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        self.folder = folder
        self.db = db
        self.turn = RLock()

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> Self:
        """Open a folder.

        Args:
            folder: The feed's folder.
            create: Make it where it is not there.

        Raises:
            InputError: It is not there, cannot be written, or is no feed of this version.
        """
        file = folder / cls.name
        if not create and not (folder / FILE).is_file():
            raise InputError(f"{folder} holds no feed; begin one with: modicum feed add SOURCE --folder {folder}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
            db.row_factory = sqlite3.Row
            for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
                db.execute(f"PRAGMA {setting}")
            store = cls(folder, db)
            store._prepare(file)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"{file} cannot be opened as a feed ({error}); choose another --folder") from error
        return store

    def _prepare(self, file: Path) -> None:
        with self.transaction():
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version == self.version:
                return
            if version or self.db.execute("SELECT count(*) FROM main.sqlite_master").fetchone()[0]:
                raise InputError(f"{file} is of version {version}, not {self.version}; it was made by another modicum")
            for statement in self.schema.split(";"):
                self.db.execute(statement)
            self.db.execute(f"PRAGMA user_version = {self.version}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written within, or nothing of it.

        Raises:
            InputError: The disk is full, another process writes for too long, or the file is damaged.
        """
        with self.turn, self._damage_told():
            try:
                self.db.execute("BEGIN IMMEDIATE")
                yield self.db
                self.db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise InputError(f"{self.folder / self.name} cannot be written ({error}); nothing was saved") from error
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from reading sources at the same time.

        Raises:
            InputError: Another one is at it.
        """
        with held_alone(self.folder / LOCK, f"another modicum reads sources into {self.folder}; wait for its end"):
            yield

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query, by column."""
        with self.turn, self._damage_told():
            return [dict(row) for row in self.db.execute(query, values)]

    @contextmanager
    def _damage_told(self) -> Iterator[None]:
        """Turn SQLite's word for a damaged file, from which its other errors derive, into a sentence that names it."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if type(error) is not sqlite3.DatabaseError:
                raise
            raise InputError(f"{self.folder / self.name} is damaged ({error}); put back a copy of it") from error

    def paper(self, number: int) -> int:
        """The number under which a paper is known today.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as place:
            ...     store = Store.open(Path(place) / "feed", create=True)
            ...     store.paper(7)
            ...     store.close()
            7
        """
        found = self.db.execute("SELECT to_paper FROM moved WHERE paper = ?", (number,)).fetchone()
        return number if found is None else self.paper(found[0])

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()
