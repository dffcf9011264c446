"""Encoders scored on a table: which one serves its labelled rows, and what another would add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.data.read import label_space
from modicum.encoders import FolderEncoder, encode, in_mode, local_encoders, read_vectors, resolve
from modicum.evaluation.encoders.choice import check_choosable, choose_encoders

ENDINGS = (".npy", ".parquet")


@dataclass(frozen=True)
class Candidate:
    """One encoder, in one of its modes, and how well it serves the table."""

    name: str
    mode: str
    """`exact`, `static`, or `precomputed`."""
    width: int
    """Of its vectors."""
    alone: float
    """Share of the labelled rows that it serves by itself, 0 to 1."""
    error: float
    """Standard error of that."""
    together: float | None
    """Share that it serves together with all candidates before it; None where fewer were wanted."""


@dataclass(frozen=True)
class ScoredEncoders:
    """What was found; candidates stand in the order in which they should be added, those not wanted behind."""

    source: str
    rows: int
    """Labelled rows."""
    classes: int
    candidates: tuple[Candidate, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def score_encoders(
    table: Table,
    encoders: Sequence[str] = (),
    *,
    keep: int | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> ScoredEncoders:
    """Order encoders by what each adds on a table's labelled rows, before anything is tuned.

    Args:
        table: Items, from `modicum.read`, with two labelled rows or more of some classes.
        encoders: Names, folders, or files of vectors (`.npy`, `.parquet`) of the table's rows; default what is found
            on this machine. An encoder of texts stands twice, in its exact and in its static mode.
        keep: Encoders wanted; default all of them, in order.
        threads: Threads for encoding.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: There is no label, no such encoder, none on this machine, or every class has a single row.
    """
    space = label_space(table, None)
    codes, labelled = space.encode(table.labels)
    rows = np.flatnonzero(labelled)
    names = tuple(encoders) or _found(table)
    asked = [one for name in names for one in _asked(table, rows, name, threads, progress)]
    check_choosable(len(asked), codes[rows], keep)
    made = []
    while asked:  # an encoder's memory is free again once its vectors are made
        name, mode, vectors = asked.pop(0)
        made.append((name, mode, vectors()))
    choice = choose_encoders([X for *_, X in made], codes[rows], len(space), keep)
    together = dict(zip(choice.order, choice.together.tolist(), strict=True))
    rest = [number for number in np.argsort(-choice.alone, kind="stable").tolist() if number not in together]
    candidates = [
        Candidate(
            made[number][0],
            made[number][1],
            made[number][2].shape[1],
            float(choice.alone[number]),
            float(choice.errors[number]),
            together.get(number),
        )
        for number in (*choice.order, *rest)
    ]
    return ScoredEncoders(table.source, len(rows), len(space), tuple(candidates))


def _found(table: Table) -> tuple[str, ...]:
    if table.images is not None:
        raise InputError("encoders of images are not looked for; name the candidates with --encoder")
    return local_encoders()


def _asked(
    table: Table, rows: NDArray[np.int64], name: str, threads: int | None, progress: Progress
) -> Iterator[tuple[str, str, Callable[[], NDArray[np.floating]]]]:
    """Name, mode and what makes vectors of the labelled rows, for each mode of one encoder."""
    if Path(name).suffix.lower() in ENDINGS:
        yield name, "precomputed", lambda: read_vectors(name, len(table), table.ids)[rows]
        return
    items = [table.content[row] for row in rows]
    exact = resolve(name, items, threads=threads, images=table.images is not None)
    yield name, "exact", lambda: encode(items, exact, progress=progress)
    if isinstance(exact, FolderEncoder):
        yield name, "static", lambda: encode(items, in_mode(exact, "static"), progress=progress)
