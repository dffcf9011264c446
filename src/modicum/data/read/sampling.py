"""Rows drawn from a file in one pass: for what is learnt from some rows of a table that is larger than memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.read.sources import batches
from modicum.data.read.tables import Columns, joined, resolved, table_of

READ = 1 << 17
"""Rows read at a time."""
SPARE = 1 << 16
"""Rows that may be held beyond those that are wanted before the last of them are let go."""


@dataclass(frozen=True, eq=False)
class _Held:
    """Rows of a file with the numbers that were drawn for them; the smallest numbers win."""

    part: pa.Table
    rows: NDArray[np.int64]
    drawn: NDArray[np.float64]

    def under(self, limit: float) -> Self:
        kept = np.flatnonzero(self.drawn < limit)
        return replace(self, part=self.part.take(pa.array(kept)), rows=self.rows[kept], drawn=self.drawn[kept])

    def table(self, columns: Columns, name: str) -> Table:
        try:
            found = table_of(self.part, columns, name, 0)
        except InputError:  # told again, with the row of the file
            for place, row in enumerate(self.rows.tolist()):
                table_of(self.part.slice(place, 1), columns, name, row)
            raise
        return found if columns.id else replace(found, ids=tuple(map(str, self.rows.tolist())))


def sample(
    source: str | Path,
    rows: int,
    *,
    text: str | None = None,
    id: str | None = None,
    time: str | None = None,
    seed: int = 0,
) -> Table:
    """Draw rows of a file, each as likely as any other; they come in the order of the file, and keep their ids.

    The file is read once, and no more than the rows wanted, as many again to spare, and a chunk are held.

    Args:
        source: A file or pipe as for `read`.
        rows: Rows wanted; all, where there are fewer.
        text: Column of texts.
        id: Column of unique ids.
        time: Column of times.
        seed: Of the draw.

    Raises:
        InputError: No rows are wanted, or the file cannot be read.
    """
    if rows < 1:
        raise InputError(f"a sample must have at least one row, not {rows}")
    name, rng = str(source), np.random.default_rng(seed)
    columns, limit, done = Columns(text, None, id, time=time), np.inf, 0
    held: list[_Held] = []
    for part in batches(source, READ):
        columns = columns if done else resolved(part, columns, name)
        numbers = np.arange(done, done + part.num_rows)
        held.append(_Held(part, numbers, rng.random(part.num_rows)).under(limit))
        done += part.num_rows
        if sum(len(one.rows) for one in held) > rows + SPARE:
            held, limit = _smallest(held, rows)
    if done == 0:
        raise InputError(f"{name} has no rows; give a table that has some")
    held, _ = _smallest(held, rows)
    return joined([one.table(columns, name) for one in held])


def _smallest(held: list[_Held], rows: int) -> tuple[list[_Held], float]:
    """The rows of the smallest numbers, and the smallest number that is none of theirs."""
    drawn = np.concatenate([one.drawn for one in held])
    if len(drawn) <= rows:
        return held, np.inf
    limit = float(np.partition(drawn, rows)[rows])
    return [one for one in (each.under(limit) for each in held) if len(one.rows)], limit
