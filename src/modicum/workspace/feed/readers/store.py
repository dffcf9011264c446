"""Readers, how they prove who they are, and how they leave: `readers.sqlite` beside the feed, for its owner alone.

No password is kept: a link by mail signs in. Links and sessions are kept as hashes, so that whoever reads the file can
use none of them. Whatever belongs to a reader goes with the reader.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from modicum.core.errors import InputError
from modicum.workspace.feed.keywords.pages import TABLE, Keywords
from modicum.workspace.feed.readers.addresses import check_email
from modicum.workspace.feed.store import FILE, Store

HOUR, DAY = 3_600.0, 86_400.0
LINK, SESSION = DAY, 90 * DAY
"""Seconds for which a link by mail and a session are good."""

SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE readers (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT UNIQUE COLLATE NOCASE, made REAL NOT NULL);
CREATE UNIQUE INDEX single_reader ON readers ((email IS NULL)) WHERE email IS NULL;
CREATE TABLE links (hash TEXT PRIMARY KEY, email TEXT NOT NULL COLLATE NOCASE, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE posts (email TEXT NOT NULL COLLATE NOCASE, origin TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX posts_by_time ON posts (at);
CREATE TABLE sessions (
  hash TEXT PRIMARY KEY, reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE, made REAL NOT NULL,
  expires REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of_readers ON sessions (reader);
CREATE TABLE opinions (
  reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE, paper INTEGER NOT NULL,
  liked INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0, note TEXT NOT NULL DEFAULT '',
  changed REAL NOT NULL, PRIMARY KEY (reader, paper)
) WITHOUT ROWID;
CREATE TABLE tags (
  reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE, name TEXT NOT NULL, paper INTEGER NOT NULL,
  made REAL NOT NULL, PRIMARY KEY (reader, name, paper)
) WITHOUT ROWID;
CREATE INDEX tags_of_papers ON tags (reader, paper);
CREATE TABLE subscriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE,
  kind TEXT NOT NULL, what TEXT NOT NULL, every TEXT NOT NULL, made REAL NOT NULL, UNIQUE (reader, kind, what, every)
);
CREATE TABLE digests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE,
  period TEXT NOT NULL, every TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, made REAL NOT NULL,
  parts TEXT NOT NULL, message BLOB, tries INTEGER NOT NULL DEFAULT 0, error TEXT, sent REAL, UNIQUE (reader, period)
);
CREATE INDEX digests_by_period ON digests (period, reader);
CREATE INDEX digests_by_state ON digests (state) WHERE state IN ('reserved', 'sending');
CREATE TABLE told (
  reader INTEGER NOT NULL REFERENCES readers ON DELETE CASCADE, paper INTEGER NOT NULL,
  digest INTEGER NOT NULL REFERENCES digests, PRIMARY KEY (reader, paper)
) WITHOUT ROWID;
CREATE INDEX told_by_digests ON told (digest);
"""


@dataclass(frozen=True)
class Reader:
    """Someone who reads the feed."""

    id: int
    email: str | None
    """Confirmed address; None for the reader of a feed that has one alone."""


@dataclass(frozen=True)
class Rates:
    """Mails to sign up or in that may be asked for within an hour."""

    email: int = 3
    """To one address."""
    origin: int = 20
    """From one place."""
    all: int = 500
    """In all."""


class TooOften(InputError):
    """Too many mails were asked for."""


class Readers(Store):
    """The readers of a feed. Their file is beside the feed's, which is attached to it for reading."""

    name: ClassVar[str] = "readers.sqlite"
    version: ClassVar[int] = 1
    schema: ClassVar[str] = SCHEMA

    def __init__(self, folder: Path, db: sqlite3.Connection) -> None:
        super().__init__(folder, db)
        self.clock: Callable[[], float] = time.time
        self.rates = Rates()

    @classmethod
    def open(cls, folder: Path) -> Self:  # type: ignore[override]  # readers make no feed
        """Open the readers of a feed, which must be there; their file is made where it is not.

        Args:
            folder: The feed's folder.

        Raises:
            InputError: There is no feed, or the file cannot be written.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as place:
            ...     Store.open(Path(place), create=True).close()
            ...     readers = Readers.open(Path(place))
            ...     reader = readers.confirm(readers.sign_up("ana@example.org"))
            ...     readers.close()
            >>> reader
            Reader(id=1, email='ana@example.org')
        """
        with suppress(OSError):  # which opening it will meet again, and tell of
            if (folder / FILE).is_file():
                (folder / cls.name).touch(mode=0o600)
        readers = super().open(folder)
        readers.db.execute("PRAGMA secure_delete = ON")
        # For reading only, or each like would wait for whoever reads sources into the feed.
        readers.db.execute("ATTACH DATABASE ? AS feed", (f"{(folder / FILE).resolve().as_uri()}?mode=ro",))
        if not readers.rows("SELECT 1 FROM feed.sqlite_master WHERE name = ?", TABLE):
            feed = Store.open(folder)
            Keywords(feed)  # which subscriptions look into
            feed.close()
        return readers

    def single(self) -> Reader:
        """The reader of a feed that has one alone, without an account."""
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO readers (email, made) VALUES (NULL, ?)", (self.clock(),))
            return Reader(db.execute("SELECT id FROM readers WHERE email IS NULL").fetchone()[0], None)

    def sign_up(self, email: str, *, origin: str = "") -> str:
        """A token for a link that proves an address, whether it has an account or not, so that no one learns which.

        Args:
            email: The address.
            origin: Where the request comes from; empty for nowhere in particular.

        Raises:
            InputError: It is no address.
            TooOften: Too many were asked for within the hour.
        """
        address, now, token = check_email(email), self.clock(), secrets.token_urlsafe(32)
        with self.transaction() as db:
            db.execute("DELETE FROM posts WHERE at < ?", (now - HOUR,))
            db.execute("DELETE FROM links WHERE expires < ?", (now,))
            self._limit(db, address, origin)
            db.execute("INSERT INTO posts VALUES (?, ?, ?)", (address, origin, now))
            db.execute("INSERT INTO links VALUES (?, ?, ?)", (_hash(token), address, now + LINK))
        return token

    def _limit(self, db: sqlite3.Connection, email: str, origin: str) -> None:
        count = "SELECT count(*) FROM posts"
        asked = (
            (db.execute(f"{count} WHERE email = ?", (email,)).fetchone()[0], self.rates.email),
            (db.execute(f"{count} WHERE origin = ?", (origin,)).fetchone()[0] if origin else 0, self.rates.origin),
            (db.execute(count).fetchone()[0], self.rates.all),
        )
        if any(found >= most for found, most in asked):
            raise TooOften("too many mails were asked for; look into the ones that came, or try again in an hour")

    def confirm(self, token: str) -> Reader:
        """The reader that a link belongs to, made where it is new; the link and others to that address are used up.

        Raises:
            InputError: The link is unknown, used, or too old.
        """
        now = self.clock()
        with self.transaction() as db:
            query = "SELECT email FROM links WHERE hash = ? AND expires >= ?"
            found = db.execute(query, (_hash(token), now)).fetchone()
            if found is None:
                raise InputError("this link was used before or is too old; ask for another one")
            email = found["email"]
            db.execute("DELETE FROM links WHERE email = ?", (email,))
            db.execute("INSERT OR IGNORE INTO readers (email, made) VALUES (?, ?)", (email, now))
            return Reader(*db.execute("SELECT id, email FROM readers WHERE email = ?", (email,)).fetchone())

    def sign_in(self, reader: Reader) -> str:
        """A token of a new session of a reader."""
        token, now = secrets.token_urlsafe(32), self.clock()
        with self.transaction() as db:
            db.execute("DELETE FROM sessions WHERE expires < ?", (now,))
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (_hash(token), reader.id, now, now + SESSION))
        return token

    def session(self, token: str) -> Reader | None:
        """The reader of a session; None where there is no such session, or no longer."""
        found = self.rows(
            "SELECT id, email FROM sessions JOIN readers ON id = reader WHERE hash = ? AND expires >= ?",
            _hash(token),
            self.clock(),
        )
        return Reader(**found[0]) if found else None

    def sessions(self, reader: Reader) -> list[dict[str, Any]]:
        """When the sessions of a reader began and will end, oldest first."""
        return self.rows(
            "SELECT made, expires FROM sessions WHERE reader = ? AND expires >= ? ORDER BY made",
            reader.id,
            self.clock(),
        )

    def sign_out(self, reader: Reader, token: str | None = None) -> None:
        """End one session of a reader, or all of them where none is named."""
        with self.transaction() as db:
            if token is None:
                db.execute("DELETE FROM sessions WHERE reader = ?", (reader.id,))
            else:
                db.execute("DELETE FROM sessions WHERE reader = ? AND hash = ?", (reader.id, _hash(token)))

    def forget(self, reader: Reader) -> None:
        """Remove a reader and all that belongs to the reader, from the file as well as from the tables."""
        with self.transaction() as db:
            for table in ("told", "digests"):
                db.execute(f"DELETE FROM {table} WHERE reader = ?", (reader.id,))
            for table in ("links", "posts"):
                db.execute(f"DELETE FROM {table} WHERE email = ?", (reader.email,))
            db.execute("DELETE FROM readers WHERE id = ?", (reader.id,))
        with self.turn:
            self.db.execute("PRAGMA main.wal_checkpoint(TRUNCATE)").fetchall()

    def sign(self, *parts: object) -> str:
        """A signature that only this file can make: of a form, or of a link that needs no session."""
        query = "SELECT value FROM settings WHERE name = 'secret'"
        if not self.rows(query):
            with self.transaction() as db:
                db.execute("INSERT OR IGNORE INTO settings VALUES ('secret', ?)", (secrets.token_hex(32),))
        key = bytes.fromhex(self.rows(query)[0]["value"])
        return hmac.new(key, repr(parts).encode(), hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
