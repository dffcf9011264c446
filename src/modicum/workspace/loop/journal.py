"""The journal: every answer on disk before anybody is told that it was taken.

One event a line, appended, flushed and synced; nothing is ever rewritten. A kill or a power cut can tear the last line
at most, which nobody was told of: it is cut off when the journal is opened again, and that is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from modicum.core.errors import InputError
from modicum.workspace.loop.events import Event, read_event

START = b'{"n":'
"""How every line begins."""


def read_journal(path: Path, option: str = "--journal") -> tuple[list[Event], int]:
    """All whole events of a journal, and the bytes of a torn last line; a file that is not there holds none.

    A last line that lacks nothing but its end, as some editors leave it, is whole.

    Args:
        path: The journal.
        option: What names it, for whoever has to choose another.

    Raises:
        InputError: The file cannot be read, or a line before the last is no event.
    """
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}); choose another {option}") from error
    *lines, tail = data.split(b"\n")
    if not (START.startswith(tail[: len(START)]) or not tail.strip(b"\0")):
        raise InputError(f"{path} is not a journal of modicum; choose another place with {option}")
    events: list[Event] = []
    for number, line in enumerate(lines, start=1):
        events.append(_next(path, number, line, events, option))
    try:
        return [*events, _next(path, len(lines) + 1, tail, events, option)], 0
    except InputError:
        return events, len(tail)


def _next(path: Path, number: int, line: bytes, events: Sequence[Event], option: str) -> Event:
    """The event of a line, after those of the lines before.

    Raises:
        InputError: It is none, or not a later one.
    """
    try:
        event = read_event(line)
    except InputError as error:
        if not events and not line.startswith(START):
            raise InputError(f"{path} is not a journal of modicum; choose another place with {option}") from error
        raise InputError(f"{path}, line {number}: {error}; remove the line, or take a copy from before") from error
    last = events[-1].n if events else 0
    if event.n <= last:
        raise InputError(
            f"{path}, line {number}: event {event.n} comes after event {last}; "
            "where two journals were joined, import one into the other with --import"
        )
    return event


class Journal:
    """An open journal. One process writes it at a time."""

    def __init__(self, path: Path, lock: FileLock, events: list[Event], torn: int) -> None:
        self.path = path
        self.events = events
        self.torn = torn
        """Bytes of a torn last line that were cut off at opening."""
        self._lock = lock
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._size = os.lseek(self._file, 0, os.SEEK_END) - torn
        self._whole = False
        """Whether the file is known to hold whole events and nothing else."""
        if self._size and os.pread(self._file, 1, self._size - 1) != b"\n":
            self._size += os.write(self._file, b"\n")
        self._cut()

    @classmethod
    def open(cls, path: Path, option: str = "--journal") -> Self:
        """Open a journal for writing; a torn last line is cut off.

        Args:
            path: The journal.
            option: What names it, for whoever has to choose another.

        Raises:
            InputError: Another process has it open, it is no journal, or the place cannot be written.
        """
        if not path.name:
            raise InputError(f"{path} is a folder, not a file; choose another place with {option}")
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                f"{path} is open in another modicum label or serve; use its page (two people are two tabs), end it "
                f"first, or choose another {option}"
            ) from error
        except OSError as error:
            raise _refusal(path, error, option) from error
        try:
            events, torn = read_journal(path, option)
            return cls(path, lock, events, torn)
        except OSError as error:
            lock.release()
            raise _refusal(path, error, option) from error
        except InputError:
            lock.release()
            raise

    def append(self, event: Event) -> Event:
        """Write an event and have it on disk; returns it with its number.

        Raises:
            InputError: The disk is full or gone; nothing of the event is left in the journal.
        """
        return self.extend([event])[0]

    def extend(self, events: Iterable[Event]) -> list[Event]:
        """Write several events with one sync; all or none of them.

        Raises:
            InputError: As `append`.
        """
        first = self.events[-1].n + 1 if self.events else 1
        numbered = [replace(event, n=first + place) for place, event in enumerate(events)]
        data = b"".join(event.to_line() for event in numbered)
        try:
            if not self._whole:
                self._cut()
            self._whole = False
            _write(self._file, data)
            os.fsync(self._file)
            self._whole = True
        except OSError as error:
            with suppress(OSError):  # a disk that is gone: the next write tries again
                self._cut()
            raise InputError(f"{self.path} cannot be written ({error.strerror or error}); nothing was saved") from error
        self._size += len(data)
        self.events.extend(numbered)
        return numbered

    def close(self) -> None:
        """Let others open it; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._lock.release()

    def _cut(self) -> None:
        """Leave nothing but whole events in the file, and write on from there."""
        os.ftruncate(self._file, self._size)
        os.lseek(self._file, self._size, os.SEEK_SET)
        os.fsync(self._file)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._whole = True


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _refusal(path: Path, error: OSError, option: str) -> InputError:
    return InputError(f"{path} cannot be written ({error.strerror or error}); choose another place with {option}")
