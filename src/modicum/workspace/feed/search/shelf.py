"""The index in files: parts in folders of their own, and a list of them that is replaced in one step.

All of it can be made again from the feed. What is damaged, of another version, of another encoder or of another feed
is thus left aside and made anew.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from modicum.core.errors import InputError
from modicum.core.files import atomic_folder, atomic_write
from modicum.workspace.feed.search.joining import due, join_parts
from modicum.workspace.feed.search.part import Ints, Mask, Part

FOLDER, FILE, LOCK = "search", "parts.json", ".lock"
SCHEMA = 1
TRIES = 3


@dataclass(frozen=True)
class Listed:
    """What the list of parts says."""

    feed: str = ""
    """Mark of the feed that was read."""
    encoder: str = ""
    """Fingerprint of the encoder; empty for words alone."""
    name: str = ""
    """Its name; `none` for words alone."""
    mode: str = ""
    """How it is run; empty where it knows but one way."""
    fitted_on: int = 0
    """Papers that the encoder was fitted on; 0 for one with weights of its own."""
    last: int = 0
    """Number of the last change that was taken in."""
    parts: tuple[str, ...] = ()
    """Names of folders, from oldest to newest."""
    home: str = ""
    """Table of LanceDB that keeps the vectors; empty where the parts do."""


@dataclass(frozen=True, eq=False)
class Held:
    """The index as it is read; never changed, but replaced."""

    listed: Listed
    parts: tuple[Part, ...] = ()
    alive: tuple[Mask, ...] = ()
    """Which papers (n,) of each part are not told anew, or gone, in a later part."""


class Shelf:
    """The folder of an index.

    Args:
        feed: The feed's folder.
    """

    def __init__(self, feed: Path) -> None:
        self.folder = feed / FOLDER

    def lock(self) -> FileLock:
        """What a process holds that writes; it waits for no other one.

        Raises:
            InputError: The folder cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder} cannot be made ({error}); choose another --folder") from error
        return FileLock(self.folder / LOCK, timeout=0)

    def read(self) -> Held:
        """The index as it is; an empty one where there is none that can be used."""
        for _ in range(TRIES):  # parts may be joined, and their folders go, between list and parts
            listed = self.listed()
            with suppress(OSError, ValueError, KeyError, EOFError):
                parts = tuple(Part.read(self.folder / name) for name in listed.parts)
                return Held(listed, parts, alive_of(parts))
        return Held(Listed())

    def listed(self) -> Listed:
        """What the list on disk says; an empty one where there is none that can be used."""
        try:
            told = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            if told.pop("schema") != SCHEMA:
                return Listed()
            return Listed(**{**told, "parts": tuple(told["parts"])})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Listed()

    def add(self, held: Held, part: Part, last: int) -> Held:
        """The index with one more part, on disk and in memory, its small parts joined where it is time to.

        Args:
            held: The index as it is.
            part: What is new.
            last: Number of the last change in it.
        """
        name = self._name()
        with atomic_folder(self.folder / name) as work:
            part.write(work)
        parts = (*held.parts, Part.read(self.folder / name))
        found = Held(replace(held.listed, last=last, parts=(*held.listed.parts, name)), parts, alive_of(parts))
        return self._joined(found)

    def _joined(self, held: Held) -> Held:
        """Write the list, after joining what is due."""
        cut = due([len(part) for part in held.parts], [int(own.sum()) for own in held.alive])
        if cut is not None:
            name = self._name()
            with atomic_folder(self.folder / name) as work:
                join_parts(held.parts[cut], held.alive[cut], cut.start == 0, work)
            parts = (*held.parts[: cut.start], Part.read(self.folder / name), *held.parts[cut.stop :])
            names = (*held.listed.parts[: cut.start], name, *held.listed.parts[cut.stop :])
            held = Held(replace(held.listed, parts=names), parts, alive_of(parts))
        self.write(held.listed)
        return held

    def write(self, listed: Listed) -> None:
        """Replace the list, and remove folders that are not on it."""
        told: dict[str, Any] = {"schema": SCHEMA, **asdict(listed)}
        atomic_write(self.folder / FILE, (json.dumps(told, indent=1) + "\n").encode())
        for folder in self.folder.glob("part-*"):
            if folder.name not in listed.parts:
                shutil.rmtree(folder, ignore_errors=True)

    def _name(self) -> str:
        return f"part-{secrets.token_hex(8)}"


def alive_of(parts: Sequence[Part]) -> tuple[Mask, ...]:
    """Which papers (n,) of each part no later part tells anew or says to be gone."""
    found: list[Mask] = []
    later: Ints = np.empty(0, dtype=np.int64)
    for part in reversed(parts):
        own = np.ones(len(part), dtype=bool)
        own[rows_of(part.papers, later)[0]] = False
        found.append(own)
        later = np.concatenate([later, part.papers, part.gone])
    return tuple(reversed(found))


def rows_of(papers: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Where some numbers stand among sorted ones, and which of the wanted (M,) these are; the others are left out.

    Example:
        >>> [rows.tolist() for rows in rows_of(np.array([2, 5, 7]), np.array([7, 3, 2]))]
        [[2, 0], [0, 2]]
    """
    at = np.searchsorted(papers, wanted)
    known = np.append(papers, -1)  # no paper has this number
    hit = np.flatnonzero(known[at] == wanted)
    return at[hit], hit
