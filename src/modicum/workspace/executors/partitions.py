"""A table worked through in partitions: what is done stays done, whatever is killed.

Each partition's result is one file in `OUT.parts`, written whole or not at all, whose name tells its rows; a manifest
there tells what the parts were made of. A run that finds parts of its own goes on from them, and one that finds parts
of another run refuses to mix them. At the end the parts are joined in the order of their rows, and removed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from modicum.core.errors import InputError
from modicum.core.files import atomic_write, held_alone
from modicum.core.progress import Progress, silent
from modicum.data.read import Partition
from modicum.workspace.executors.work import Work, Workers

SCHEMA = 1
MANIFEST, LOCK = "manifest.json", "lock"
FIRST, ROWS = 500, 20_000
"""Rows of the first partitions, and of the largest."""
RUN = 16
"""Partitions of one size before the next, which is twice as large."""


@dataclass(frozen=True)
class Sizes:
    """Rows of each partition: few at first, so that small tables are shared out, then more, so that files are few."""

    first: int = FIRST
    most: int = ROWS

    def __call__(self, number: int) -> int:
        """Rows of a partition by its number, from 0.

        Example:
            >>> [Sizes()(number) for number in (0, 15, 16, 32, 1000)]
            [500, 500, 1000, 2000, 20000]
        """
        return min(self.most, self.first << min(number // RUN, 30))


@dataclass(frozen=True)
class Done:
    """A worker's answer: a partition's result as the bytes of a file."""

    number: int
    first: int
    rows: int
    data: bytes


@dataclass(frozen=True)
class Keeping:
    """A partition's work whose answer says which rows it is of."""

    work: Work[Partition, bytes]

    def open(self, threads: int | None) -> Callable[[Partition], Done]:
        """As `Work.open`."""
        answer = self.work.open(threads)
        return lambda part: Done(part.number, part.first, part.rows, answer(part))


class Parts:
    """The folder of parts beside a file that is being made.

    Args:
        out: The file.
        facts: What the parts depend on: JSON-able, and equal where parts may be joined.
    """

    def __init__(self, out: Path, facts: Mapping[str, Any]) -> None:
        self.out = out
        self.folder = out.with_name(f"{out.name}.parts")
        self.facts = json.loads(json.dumps({"schema": SCHEMA, **facts}))
        self.there: set[str] = set()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the folder for this run alone; parts that were made of other things are refused.

        Raises:
            InputError: Another run holds it, or left parts that do not belong to this one.
        """
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.folder} cannot be made ({error.strerror}); choose another place with --out"
            ) from error
        said = f"{self.out} is being written by another run; wait for it, or choose another --out"
        with held_alone(self.folder / LOCK, said):
            self._claim()
            yield

    def _claim(self) -> None:
        files = {file.name for file in self.folder.iterdir() if file.name != LOCK}
        said = self._said() if MANIFEST in files else None
        parts = {name for name in files if not name.startswith(".") and name != MANIFEST}
        if parts and said != self.facts:
            changed = [key for key in self.facts if said is None or said.get(key) != self.facts[key]]
            raise InputError(
                f"{self.folder} holds parts of another run (its {', '.join(changed)} differed); remove that folder, or "
                "choose another --out"
            )
        for name in files - parts - {MANIFEST}:  # what was half-written
            (self.folder / name).unlink()
        self.there = parts
        if said != self.facts:
            atomic_write(self.folder / MANIFEST, (json.dumps(self.facts, indent=1) + "\n").encode())

    def _said(self) -> dict[str, Any] | None:
        try:
            said = json.loads((self.folder / MANIFEST).read_bytes())
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    def name(self, number: int, first: int, rows: int) -> str:
        """File of the rows `first` to `first + rows - 1`."""
        return f"{number:06d}.{first}-{first + rows}{self.out.suffix.lower()}"

    def keep(self, done: Done) -> None:
        """Write a part."""
        atomic_write(self.folder / self.name(done.number, done.first, done.rows), done.data)

    def remove(self) -> None:
        """Remove the folder; the file is there."""
        shutil.rmtree(self.folder, ignore_errors=True)


def peeked(parts: Iterator[Partition], rows: int = ROWS) -> tuple[Iterator[Partition], bool]:
    """The same partitions, and whether they have more than this many rows."""
    head: list[Partition] = []
    for part in parts:
        head.append(part)
        if part.first + part.rows > rows:
            return chain(head, parts), True
    return iter(head), False


def run_partitions(
    out: Path,
    parts: Iterable[Partition],
    work: Work[Partition, bytes],
    *,
    facts: Mapping[str, Any],
    workers: Workers,
    join: Callable[[Sequence[Path], Path], None],
    progress: Progress = silent,
) -> int:
    """Work through partitions, or through those that an earlier run left, and join the results.

    Args:
        out: The file to write; its name is that of the parts, too.
        parts: The partitions, always cut at the same rows.
        work: Makes of a partition the bytes of a file.
        facts: What results depend on, such as digests of the input and of the bundle.
        workers: Where it is done.
        join: Writes the file from its parts, whole or not at all; or makes of them what is wanted instead.
        progress: Called with the stage `rows` and the rows done.

    Returns:
        The number of rows.

    Raises:
        InputError: The input is wrong, the place is taken, or workers fail; the parts that are done stay.
    """
    kept, names, rows = Parts(out, facts), [], 0

    def left() -> Iterator[Partition]:
        nonlocal rows
        for part in parts:
            names.append(kept.name(part.number, part.first, part.rows))
            if names[-1] not in kept.there:
                yield part
                continue
            rows += part.rows
            progress("rows", rows, rows)

    with kept.opened():
        for done in workers.run(Keeping(work), left()):
            kept.keep(done)
            rows += done.rows
            progress("rows", rows, rows)
        join([kept.folder / name for name in names], out)
        kept.remove()
    return rows
