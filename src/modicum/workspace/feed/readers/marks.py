"""What a reader says of papers: likes, hides, tags and notes. Papers that turn out to be others take them along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from modicum.core.errors import InputError
from modicum.workspace.feed.readers.addresses import one_line, plain
from modicum.workspace.feed.readers.store import Reader, Readers

NAME, NOTE = 60, 10_000
"""Characters of the name of a tag, and of a note."""
TAGS = 500
"""Tags of a reader."""
MANY = 500
"""Papers that one statement asks for."""


@dataclass(frozen=True)
class Mark:
    """What a reader says of one paper."""

    liked: bool = False
    hidden: bool = False
    tags: tuple[str, ...] = ()
    """Names, in the order of the alphabet."""
    note: str = ""


class Marks:
    """The marks of one reader. No statement reaches those of another one."""

    def __init__(self, readers: Readers, reader: Reader) -> None:
        self.readers = readers
        self.reader = reader.id

    def like(self, paper: int, on: bool) -> None:
        """Like a paper, or no longer; a liked paper is not hidden.

        Raises:
            InputError: There is no such paper.
        """
        self._write(paper, "liked = ?, hidden = CASE WHEN ? THEN 0 ELSE hidden END", on, on)

    def hide(self, paper: int, on: bool) -> None:
        """Hide a paper, or no longer; a hidden paper is not liked.

        Raises:
            InputError: There is no such paper.
        """
        self._write(paper, "hidden = ?, liked = CASE WHEN ? THEN 0 ELSE liked END", on, on)

    def note(self, paper: int, text: str) -> None:
        """Write a note on a paper in the place of the one there was; an empty one removes it.

        Raises:
            InputError: There is no such paper, or the note is too long.
        """
        kept = plain(text).strip()
        if len(kept) > NOTE:
            raise InputError(f"the note has {len(kept):,} characters; {NOTE:,} are kept, so shorten it")
        self._write(paper, "note = ?", kept)

    def tag(self, paper: int, name: str, on: bool) -> None:
        """Put a tag on a paper, or take it off.

        Raises:
            InputError: There is no such paper, the name is empty or too long, or there are too many tags.
        """
        name = one_line(name, NAME, "name of a tag")
        with self.readers.transaction() as db:
            number = self._paper(db, paper)
            if not on:
                db.execute("DELETE FROM tags WHERE reader = ? AND name = ? AND paper = ?", (self.reader, name, number))
                return
            used = {
                row["name"] for row in db.execute("SELECT DISTINCT name FROM tags WHERE reader = ?", (self.reader,))
            }
            if name not in used and len(used) >= TAGS:
                raise InputError(f"there are {TAGS} tags already; take one off all its papers first")
            row = (self.reader, name, number, self.readers.clock())
            db.execute("INSERT OR IGNORE INTO tags VALUES (?, ?, ?, ?)", row)

    def of(self, papers: Sequence[int]) -> dict[int, Mark]:
        """The mark of each of these papers, which go by their numbers of today; an empty one where nothing is said."""
        self._settle()
        said: dict[int, dict[str, object]] = {}
        names: dict[int, list[str]] = {}
        for start in range(0, len(papers), MANY):
            some = [int(paper) for paper in papers[start : start + MANY]]
            within = f"WHERE reader = ? AND paper IN ({', '.join('?' * len(some))})"
            rows = self.readers.rows(f"SELECT paper, liked, hidden, note FROM opinions {within}", self.reader, *some)
            said |= {row.pop("paper"): row for row in rows}
            for row in self.readers.rows(f"SELECT paper, name FROM tags {within} ORDER BY name", self.reader, *some):
                names.setdefault(row["paper"], []).append(row["name"])
        return {paper: _mark(said.get(paper, {}), names.get(paper, ())) for paper in papers}

    def liked(self) -> list[int]:
        """Liked papers, the last first."""
        return self._opined("liked = 1")

    def hidden(self) -> list[int]:
        """Hidden papers, the last first."""
        return self._opined("hidden = 1")

    def noted(self) -> list[int]:
        """Papers with a note, the last first."""
        return self._opined("note <> ''")

    def tags(self) -> dict[str, int]:
        """The papers that each tag is on, counted, by name."""
        self._settle()
        query = "SELECT name, count(*) AS papers FROM tags WHERE reader = ? GROUP BY name ORDER BY name"
        return {row["name"]: row["papers"] for row in self.readers.rows(query, self.reader)}

    def tagged(self, name: str) -> list[int]:
        """Papers that a tag is on, the last first."""
        self._settle()
        query = "SELECT paper FROM tags WHERE reader = ? AND name = ? ORDER BY made DESC, paper DESC"
        return [row["paper"] for row in self.readers.rows(query, self.reader, name)]

    def _opined(self, which: str) -> list[int]:
        self._settle()
        query = f"SELECT paper FROM opinions WHERE reader = ? AND {which} ORDER BY changed DESC, paper DESC"
        return [row["paper"] for row in self.readers.rows(query, self.reader)]

    def _write(self, paper: int, change: str, *values: object) -> None:
        with self.readers.transaction() as db:
            number, now = self._paper(db, paper), self.readers.clock()
            db.execute(
                "INSERT OR IGNORE INTO opinions (reader, paper, changed) VALUES (?, ?, ?)", (self.reader, number, now)
            )
            whose = (self.reader, number)
            db.execute(
                f"UPDATE opinions SET {change}, changed = ? WHERE reader = ? AND paper = ?", (*values, now, *whose)
            )
            empty = "liked = 0 AND hidden = 0 AND note = ''"
            db.execute(f"DELETE FROM opinions WHERE reader = ? AND paper = ? AND {empty}", whose)

    def _paper(self, db: Connection, paper: int) -> int:
        """The number of a paper today, everything said of it moved there."""
        self._move(db)
        number = self.readers.paper(paper)
        if db.execute("SELECT 1 FROM feed.papers WHERE id = ?", (number,)).fetchone() is None:
            raise InputError(f"there is no paper {paper}; it may have been removed, so look for it again")
        return number

    def _settle(self) -> None:
        """Move what was said of papers that turned out to be others; nothing is written where there are none."""
        joined = "JOIN feed.moved USING (paper) WHERE reader = ?"
        query = f"SELECT paper FROM opinions {joined} UNION SELECT paper FROM tags {joined}"
        if self.readers.rows(query, self.reader, self.reader):
            with self.readers.transaction() as db:
                self._move(db)

    def _move(self, db: Connection) -> None:
        mine = "FROM {0} JOIN feed.moved USING (paper) WHERE reader = ?"
        gone = "DELETE FROM {0} WHERE reader = ? AND paper IN (SELECT paper FROM feed.moved)"
        db.execute(
            "INSERT OR IGNORE INTO tags SELECT reader, name, to_paper, made " + mine.format("tags"), (self.reader,)
        )
        db.execute(gone.format("tags"), (self.reader,))
        # Of two opinions on what is one paper both hold, and both notes are kept.
        db.execute(
            "INSERT INTO opinions SELECT reader, to_paper, liked, hidden, note, changed "
            + mine.format("opinions")
            + " ON CONFLICT (reader, paper) DO UPDATE SET liked = max(liked, excluded.liked), "
            "hidden = max(hidden, excluded.hidden), changed = max(changed, excluded.changed), "
            "note = trim(note || char(10) || excluded.note, char(10))",
            (self.reader,),
        )
        db.execute(gone.format("opinions"), (self.reader,))


def _mark(said: dict[str, object], names: Sequence[str]) -> Mark:
    return Mark(bool(said.get("liked")), bool(said.get("hidden")), tuple(names), str(said.get("note") or ""))
