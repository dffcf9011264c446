"""One writer at a time, and notes of what each version is."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from modicum.core.errors import InputError
from modicum.core.places import cache_root
from modicum.data.store.place import Place

LOCK, NOTES = ".writer.lock", "history.jsonl"


@contextmanager
def one_writer(place: Place, patience: float = 0.0) -> Iterator[None]:
    """Keep other processes from writing to a store for the length of a block.

    The lock lies in the store's folder, and goes with the process that holds it, however that ends. On object storage
    there is none to hold: there it keeps apart the processes of one machine and user.

    Args:
        place: The store.
        patience: Seconds to wait for another writer.

    Raises:
        InputError: Another process is writing, or the place cannot be written.
    """
    folder = place.local
    if folder is None:
        folder = cache_root(os.environ) / "stores" / hashlib.sha256(place.folder.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK)
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise InputError(
            f"another modicum is writing to {place}; a store has one writer at a time: try again when it is done"
        ) from error
    except OSError as error:
        raise InputError(f"{place} cannot be written ({error.strerror or error}); name another folder") from error
    try:
        yield
    finally:
        lock.release()


def write_note(place: Place, version: int, what: str) -> None:
    """Note beside a store what a version is. Versions do without: a note that a kill has torn or left out is missed."""
    if place.local is None:
        return
    line = json.dumps({"table": place.table, "version": version, "what": what}) + "\n"
    with (place.local / NOTES).open("a", encoding="utf-8") as stream:
        stream.write(line)


def read_notes(place: Place) -> dict[int, str]:
    """What the versions of a table are, where that was noted."""
    file = place.local and place.local / NOTES
    told: dict[int, str] = {}
    for line in _lines(file) if file else ():
        try:
            note = json.loads(line)
            if note["table"] == place.table:
                told[int(note["version"])] = str(note["what"])
        except (ValueError, KeyError, TypeError):  # a torn line
            continue
    return told


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
