"""Vectors under numbers in a table of LanceDB: written anew, taken, and asked for the nearest; imported by name.

Nothing else is kept there: what the numbers stand for is the caller's. What is opened stays at the version it was
opened at, whatever is written meanwhile; one writer at a time is the caller's to see to.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfPq
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.data.store.lance import (
    DISTANCE,
    EXACT,
    FRAGMENTS,
    LEAST,
    PROBES,
    REFINED,
    ROWID,
    SCANNED,
    TAKEN,
    matrix,
    names_in,
    told,
)
from modicum.data.store.layout import VECTOR
from modicum.data.store.place import Place

NUMBER = "number"
KEPT = timedelta(days=1)
"""Time for which states that readers may still look at are kept."""

Ints = NDArray[np.int64]


class NumberedVectors:
    """A table of vectors (N, D), each under a number of its own; made by `numbered_vectors`."""

    def __init__(self, place: Place, table: Any) -> None:
        self.place = place
        self.table = table
        self.dimension = int(table.schema.field(VECTOR).type.list_size)

    @classmethod
    def open(cls, place: Place, dimension: int, *, empty: bool = False) -> Self:
        """Open a table, which is made where it is not there.

        Args:
            place: Folder and name of the table.
            dimension: Width D of the vectors of a table that is made.
            empty: Make it anew, whatever it holds.

        Raises:
            InputError: The place cannot be written.
        """
        with told(place):
            database = lancedb.connect(place.folder)
            if not empty and place.table in names_in(database):
                return cls(place, database.open_table(place.table))
            schema = pa.schema([pa.field(NUMBER, pa.int64()), pa.field(VECTOR, pa.list_(pa.float32(), dimension))])
            mode = "overwrite" if empty else "create"
            return cls(place, database.create_table(place.table, schema=schema, mode=mode, exist_ok=not empty))

    def __len__(self) -> int:
        """Return the number of vectors."""
        with told(self.place):
            return int(self.table.count_rows())

    def put(self, numbers: Ints, X: NDArray[np.floating]) -> None:
        """Write vectors (M, D) under distinct numbers (M,), in place of those that are there; all of them or none."""
        if not len(numbers):
            return
        values = pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(X).astype(np.float32)), self.dimension)
        rows = pa.table({NUMBER: pa.array(numbers, pa.int64()), VECTOR: values})
        with told(self.place):
            if np.isin(numbers, self._rows[0]).any():
                self.table.merge_insert(NUMBER).when_matched_update_all().when_not_matched_insert_all().execute(rows)
            else:
                self.table.add(rows)
        self._moved()

    def remove(self, numbers: Ints) -> None:
        """Take out the vectors of numbers; those that are not there change nothing."""
        there = numbers[np.isin(numbers, self._rows[0])]
        if len(there):
            with told(self.place):
                self.table.delete(_among(there))
            self._moved()

    def settle(self) -> None:
        """Join small files once they are many, and have an index know all rows once there are too many to compare."""
        with told(self.place):
            if int(self.table.stats()["fragment_stats"]["num_small_fragments"]) >= FRAGMENTS:
                self.table.optimize(cleanup_older_than=KEPT)
            known = self.table.index_stats(VECTOR)
            if known is None and len(self) > max(EXACT, LEAST):
                self.table.create_index(VECTOR, config=IvfPq(distance_type="dot"), name=VECTOR)
            elif known is not None and int(known.num_unindexed_rows) > EXACT // 10:
                self.table.optimize(cleanup_older_than=KEPT)
        self._moved()

    def take(self, numbers: Ints) -> NDArray[np.float32]:
        """Vectors (M, D) of numbers (M,), in that order; zeros where there is none."""
        known, ids = self._rows
        out = np.zeros((len(numbers), self.dimension), dtype=np.float32)
        distinct, places = np.unique(numbers, return_inverse=True)
        at = np.searchsorted(known, distinct)
        there = np.flatnonzero(np.append(known, -1)[at] == distinct)
        found = np.zeros((len(distinct), self.dimension), dtype=np.float32)
        for part in chunks(len(there), TAKEN):
            with told(self.place):
                rows = self.table.take_row_ids(ids[at[there[part]]].tolist()).select([NUMBER, VECTOR]).to_arrow()
            rank = np.searchsorted(distinct, rows[NUMBER].to_numpy())
            found[rank] = matrix(rows[VECTOR].combine_chunks(), self.dimension)
        out[:] = found[places]
        return out

    def nearest(
        self, query: NDArray[np.floating], count: int, among: Ints | None = None
    ) -> tuple[Ints, NDArray[np.float32]]:
        """Numbers (K,) and products with a query (D,) of about the `count` vectors nearest to it, nearest first.

        Args:
            query: The query, of length 1 as the vectors are, or 0.
            count: How many are wanted.
            among: Numbers of the only vectors that may be found; None for all.
        """
        if not len(self) or count < 1 or (among is not None and not len(among)):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        with told(self.place):
            asked = self.table.search(query.astype(np.float32), vector_column_name=VECTOR).distance_type("dot")
            asked = asked.nprobes(PROBES).refine_factor(REFINED).limit(count)
            if among is not None:
                asked = asked.where(_among(among), prefilter=True)
            found = asked.select([NUMBER, DISTANCE]).to_arrow()
        return found[NUMBER].to_numpy(), 1 - found[DISTANCE].to_numpy()

    @cached_property
    def _rows(self) -> tuple[Ints, NDArray[np.uint64]]:
        """All numbers in order, and where their rows stand in LanceDB's own numbers; 16 bytes a row."""
        numbers, ids = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
        with told(self.place):
            for batch in self.table.search().select([NUMBER]).with_row_id(True).to_batches(SCANNED):
                numbers.append(batch.column(NUMBER).to_numpy())
                ids.append(batch.column(ROWID).to_numpy())
        every = np.concatenate(numbers)
        order = np.argsort(every)
        return every[order], np.concatenate(ids)[order]

    def _moved(self) -> None:
        self.__dict__.pop("_rows", None)


def drop_others(place: Place) -> None:
    """Remove all tables of a folder but one."""
    with told(place):
        database = lancedb.connect(place.folder)
        for name in names_in(database):
            if name != place.table:
                database.drop_table(name)


def _among(numbers: Sequence[int] | Ints) -> str:
    return f"{NUMBER} IN ({', '.join(str(int(number)) for number in numbers)})"
