"""Corrections: each one on disk, as an answer in a labelling journal and its text in a table beside it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.workspace import Bundle
from modicum.workspace.loop import Journal
from modicum.workspace.loop.events import LABEL, OPENED, Event, item_hash, now
from modicum.workspace.targets.models import LabelsModel, NumberModel

ENDING = ".labels.jsonl"
HOW = "feedback"
HEAD = re.compile(rb'\{"id": "[0-9a-f]{16}", "text": "')
"""How every line of the table begins."""


@dataclass(frozen=True)
class Correction:
    """What somebody says a text is."""

    text: str
    labels: tuple[str, ...]
    who: str
    request: str = ""


class Feedback:
    """A journal of corrections, and the table of their texts: `modicum label` opens the two together.

    Texts come to the disk before the answers that are about them, so that no answer lacks its text; a line torn by a
    kill is cut off when they are opened again.
    """

    def __init__(self, journal: Journal, table: Path) -> None:
        self.journal, self.table = journal, table
        self._known, self._size = _read_table(table)
        self._file = os.open(table, os.O_RDWR | os.O_CREAT, 0o600)
        self._cut()
        self._requests = {event.request: event.n for event in journal.events if event.request}

    @classmethod
    def open(cls, path: Path, bundle: Bundle) -> Self:
        """Open or begin a journal.

        Args:
            path: The journal; the table of texts lies beside it, under its name without `.labels`.
            bundle: Whose classes the journal begins with.

        Raises:
            InputError: It is no journal, is in use, or cannot be written, the table beside it is another one, or the
                bundle predicts numbers.
        """
        if isinstance(bundle.model, NumberModel):
            raise InputError("the bundle predicts numbers, and a journal holds labels; leave --feedback out")
        _read_table(table_of(path))  # somebody else's is refused before anything is made beside it
        journal = Journal.open(path, "--feedback")
        try:
            feedback = cls(journal, table_of(path))
            if not journal.events:
                journal.append(Event(OPENED, at=now(), text=feedback.table.name, classes=bundle.classes))
        except OSError as error:
            journal.close()
            raise InputError(
                f"{table_of(path)} cannot be written ({error.strerror or error}); choose another --feedback"
            ) from error
        except BaseException:
            journal.close()
            raise
        return feedback

    def write(self, corrections: Sequence[Correction]) -> list[dict[str, Any]]:
        """Have corrections on disk: their numbers in the journal, and the rows of their texts.

        Raises:
            InputError: The disk is full or gone; nothing was saved.
        """
        ids = [item_hash(each.text) for each in corrections]
        self._write_texts({id: each.text for id, each in zip(ids, corrections, strict=True) if id not in self._known})
        new = {
            (each.request or place): Event(
                LABEL, each.who, now(), ((id, id),), each.labels, how=HOW, request=each.request
            )
            for place, (id, each) in enumerate(zip(ids, corrections, strict=True))
            if each.request not in self._requests
        }
        written = dict(zip(new, self.journal.extend(new.values()), strict=True)) if new else {}
        self._requests |= {event.request: event.n for event in written.values() if event.request}
        numbers = [
            self._requests[each.request] if each.request else written[place].n for place, each in enumerate(corrections)
        ]
        return [{"event": number, "id": id} for number, id in zip(numbers, ids, strict=True)]

    def close(self) -> None:
        """Let others open the journal; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self.journal.close()

    def _write_texts(self, texts: dict[str, str]) -> None:
        if not texts:
            return
        data = memoryview(b"".join(_line(id, text) for id, text in texts.items()))
        try:
            done = 0
            while done < len(data):
                done += os.write(self._file, data[done:])
            os.fsync(self._file)
        except OSError as error:
            self._cut()
            raise InputError(
                f"{self.table} cannot be written ({error.strerror or error}); nothing was saved"
            ) from error
        self._size += len(data)
        self._known |= set(texts)

    def _cut(self) -> None:
        """Leave nothing but whole lines in the table, and write on from there."""
        os.ftruncate(self._file, self._size)
        os.lseek(self._file, self._size, os.SEEK_SET)
        os.fsync(self._file)


def table_of(journal: Path) -> Path:
    """The table of the texts of a journal of corrections.

    Example:
        >>> table_of(Path("fixes.labels.jsonl")).name, table_of(Path("fixes.jsonl")).name
        ('fixes.jsonl', 'fixes.texts.jsonl')
    """
    if journal.name.endswith(ENDING):
        return journal.with_name(f"{journal.name.removesuffix(ENDING)}.jsonl")
    return journal.with_name(f"{journal.stem}.texts.jsonl")


def check_labels(bundle: Bundle, label: str | Sequence[str]) -> tuple[str, ...]:
    """The labels of a correction, as names of the bundle's classes.

    Raises:
        InputError: One is no class of the bundle, or there are several where a text has one.
    """
    names = (label,) if isinstance(label, str) else tuple(dict.fromkeys(label))
    if not isinstance(bundle.model, LabelsModel) and len(names) != 1:
        raise InputError(f"a text has one class; {len(names)} were given")
    return tuple(check_choice(name, bundle.classes, "class") for name in names)


def _read_table(path: Path) -> tuple[set[str], int]:
    """Ids of the table's rows, and the bytes of its whole lines: what follows them is a line torn by a kill.

    Raises:
        InputError: It is another table, or cannot be read.
    """
    known, size = set[str](), 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                id = _row_id(line)
                if id is None and not _torn(line):
                    raise InputError(
                        f"{path} is not a table of corrected texts; choose another --feedback, as line {number} is not "
                        "of modicum serve"
                    )
                if id is not None:
                    known.add(id)
                    size += len(line)
    except FileNotFoundError:
        return set(), 0
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); choose another --feedback") from error
    return known, size


def _row_id(line: bytes) -> str | None:
    """The id of a whole line as it is written here; None where it is no such line."""
    if not (HEAD.match(line) and line.endswith(b"\n")):
        return None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    text = row.get("text")
    return row["id"] if isinstance(text, str) and row == {"id": item_hash(text), "text": text} else None


def _torn(line: bytes) -> bool:
    """Whether a line without an end is the beginning of one that is written here, or nothing that came to the disk."""
    whole = _line(item_hash(""), "")
    return not line.endswith(b"\n") and (HEAD.match(line + whole[len(line) :]) is not None or not line.strip(b"\0"))


def _line(id: str, text: str) -> bytes:
    return json.dumps({"id": id, "text": text}, ensure_ascii=True).encode() + b"\n"
