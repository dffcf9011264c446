"""A table of LanceDB with row numbers and vectors. This module and `numbered` import lancedb, and are imported by name.

Rows are only ever added or changed, never taken out. What is changed is written again and then stands behind all other
rows, so a row's place is a column of its own, and reading goes by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfPq
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.data.read.separated import regrouped
from modicum.data.store.layout import ROW, VECTOR, Layout
from modicum.data.store.place import DEFAULT, Place
from modicum.data.store.writing import read_notes, write_note

EXACT = 100_000
"""Rows up to which all vectors are compared; beyond, an index is asked."""
FRAGMENTS = 16
"""Small files of rows from which on they are joined."""
PROBES, REFINED = 32, 10
"""Lists that the index looks into, and rows that are compared by their true vectors for each that is wanted."""
LEAST = 256
"""Rows without which an index cannot be learnt."""
EVER = timedelta(days=36_500)
PANIC = "RustPanic"
"""Where a file is damaged LanceDB may raise this, a class that cannot be imported."""
ROWID, DISTANCE = "_rowid", "_distance"
SCANNED, TAKEN = 8_192, 20_000
"""Rows that are read at a time: in their order on disk, and by their numbers."""


@dataclass(frozen=True)
class Version:
    """A state of a store that can be looked at and restored."""

    number: int
    at: datetime
    rows: int
    what: str
    """What made it; empty where that was not noted."""


class LanceStore:
    """A store at one version; made by `open_store` and `create_store`. Writers hold `one_writer` and move it on.

    Raises:
        InputError: In whatever it does, the folder cannot be read or written, or what LanceDB says against it.
    """

    def __init__(self, place: Place, table: Any) -> None:
        self.place = place
        self.table = table
        self.layout = Layout.read(table.schema.metadata, str(place))

    @classmethod
    def open(cls, place: Place) -> Self:
        """Open a table for reading.

        Raises:
            InputError: There is no such folder, table or version.
        """
        if place.local is not None and not place.local.is_dir():
            raise InputError(f"there is no store {place}; make it with: modicum store {place} --add FILE")
        with told(place):
            database = lancedb.connect(place.folder)
            name = _table_name(place, names_in(database))
            found = cls(replace(place, table=name), database.open_table(name))
        found.at(place.version)
        return found

    @classmethod
    def create(cls, place: Place, schema: pa.Schema) -> Self:
        """Make an empty table.

        Raises:
            InputError: The place cannot be written.
        """
        name = place.table or DEFAULT
        with told(place):
            table = lancedb.connect(place.folder).create_table(name, schema=schema)
        made = cls(replace(place, table=name), table)
        made._moved("made")
        return made

    def at(self, version: int | None) -> None:
        """Go to a version; None stays.

        Raises:
            InputError: There is none of that number.
        """
        if version is None:
            return
        known = [one.number for one in self.versions()]
        if version not in known:
            there = f"{known[0]} to {known[-1]}" if known else "none"
            raise InputError(f"{self.place} has no version {version}; there are {there}, some perhaps forgotten")
        with told(self.place):
            self.table.checkout(version)

    def __len__(self) -> int:
        """Return the number of rows."""
        with told(self.place):
            return int(self.table.count_rows())

    def filled(self, column: str) -> int:
        """Rows that hold something in a column."""
        with told(self.place):
            return int(self.table.count_rows(f"`{column}` IS NOT NULL"))

    @property
    def version(self) -> int:
        """Number of the version that is open."""
        with told(self.place):
            return int(self.table.version)

    @property
    def columns(self) -> list[str]:
        """Columns that came with the rows, and labels."""
        own = (ROW, VECTOR) if self.layout is not None else ()
        kinds = {field.name: field.type for field in self.table.schema}
        return [name for name, kind in kinds.items() if name not in own and not pa.types.is_fixed_size_list(kind)]

    def versions(self) -> list[Version]:
        """All states that can be looked at, oldest first."""
        notes = read_notes(self.place)
        with told(self.place):
            found = self.table.list_versions()
        return [
            Version(
                int(one["version"]),
                _moment(one["timestamp"]),
                int(one["metadata"].get("total_rows", 0)),
                notes.get(int(one["version"]), ""),
            )
            for one in sorted(found, key=lambda one: int(one["version"]))
        ]

    # --- reading

    def batches(self, rows: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the table's own columns in the order of its rows, `rows` at a time."""
        wanted = list(self.columns if columns is None else columns)
        if self.layout is None:
            yield from regrouped(self._scan(wanted), rows)
            return
        done = 0
        for part in regrouped(self._scan([*wanted, ROW]), rows):
            if not np.array_equal(part[ROW].to_numpy(), np.arange(done, done + part.num_rows)):
                break
            done += part.num_rows
            yield part.drop_columns([ROW])
        for start in range(done, len(self), rows):
            yield self._taken(np.arange(start, min(start + rows, len(self))), [*wanted, ROW]).drop_columns([ROW])

    def vectors(self, rows: range | None = None) -> LanceVectors | None:
        """The vectors of all rows or of a run; None where another program made the table."""
        return None if self.layout is None else LanceVectors(self, self.layout, rows)

    def _scan(self, columns: Sequence[str], *, ids: bool = False) -> Iterator[pa.RecordBatch]:
        with told(self.place):
            yield from self.table.search().select(list(columns)).with_row_id(ids).to_batches(SCANNED)

    @cached_property
    def _places(self) -> NDArray[np.uint64]:
        """Where each row stands in LanceDB's own numbers, 8 bytes a row."""
        found = np.zeros(len(self), dtype=np.uint64)
        for batch in self._scan([ROW], ids=True):
            found[batch.column(ROW).to_numpy()] = batch.column(ROWID).to_numpy()
        return found

    def _taken(self, rows: NDArray[np.int64], columns: Sequence[str]) -> pa.Table:
        """Columns of some distinct rows, by their numbers, in that order; the row numbers have to be among them."""
        with told(self.place):
            asked = self.table.take_row_ids(self._places[rows].tolist()).select(list(columns))
            found = asked.to_arrow().select(list(columns))
        order = np.argsort(found[ROW].to_numpy())
        return found.take(pa.array(order[np.argsort(np.argsort(rows))]))

    # --- writing

    def append(self, rows: pa.Table, what: str) -> None:
        """Add rows as one version; they are there, or none of them is."""
        with told(self.place):
            self.table.add(rows)
        self._moved(what)

    def change(self, rows: pa.Table, what: str) -> None:
        """Change the columns that are given, of the rows whose ids are given, as one version."""
        if self.layout is not None:
            with told(self.place):
                self.table.merge_insert(self.layout.id).when_matched_update_all().execute(rows)
            self._moved(what)

    def restore(self, version: int) -> None:
        """Make a version the latest again, as a new version; none is lost.

        Raises:
            InputError: There is none of that number.
        """
        self.at(version)
        with told(self.place):
            self.table.restore()
        self._moved(f"version {version} restored")

    def join_small_files(self) -> None:
        """Join small files, once there are many."""
        if self.fragments >= FRAGMENTS:
            self.compact()

    def compact(self, forget: timedelta | None = None) -> None:
        """Join small files, put new rows into the index, and forget versions that are older than `forget`, if given.

        Full files, of a million rows, are left alone, so that this costs by what was added since, not by the whole.
        """
        with told(self.place):
            # Without a word LanceDB would forget all versions that are older than a week.
            self.table.optimize(cleanup_older_than=EVER if forget is None else forget)
        self._moved("small files joined")

    def index(self) -> None:
        """Have an index know all rows, where these are too many to be compared one by one."""
        if max(EXACT, LEAST) >= len(self) or self.unindexed == 0:
            return
        with told(self.place):
            if self.unindexed == len(self):
                self.table.create_index(VECTOR, config=IvfPq(distance_type="cosine"), name=VECTOR)
            elif self.unindexed > EXACT // 10:
                self.table.optimize(cleanup_older_than=EVER)
        self._moved("indexed")

    @property
    def fragments(self) -> int:
        """Small files of rows."""
        with told(self.place):
            return int(self.table.stats()["fragment_stats"]["num_small_fragments"])

    @property
    def unindexed(self) -> int:
        """Rows that no index knows."""
        with told(self.place):
            found = self.table.index_stats(VECTOR)
        return len(self) if found is None else int(found.num_unindexed_rows)

    def _moved(self, what: str) -> None:
        self.__dict__.pop("_places", None)
        write_note(self.place, self.version, what)


@dataclass(frozen=True, eq=False)
class LanceVectors:
    """Vectors of a store's rows, or of a run of them; `StoredVectors` of the core."""

    store: LanceStore
    layout: Layout
    rows: range | None = None

    @property
    def encoder(self) -> str:
        """What made them: a name or a folder."""
        return self.layout.encoder

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the encoder that made them."""
        return self.layout.fingerprint

    @property
    def indexed(self) -> bool:
        """Whether they are so many that an index is asked.

        Raises:
            InputError: They are, and there is no index.
        """
        if len(self.store) <= EXACT:
            return False
        if self.store.unindexed > EXACT:
            raise InputError(
                f"{self.store.unindexed:,} rows of {self.store.place} are in no index, too many to compare one by one; "
                f"build it with: modicum store '{self.store.place}' --compact"
            )
        return True

    def read(self) -> NDArray[np.float32]:
        """All of them (N, D), in the order of the rows."""
        if self.rows is not None:
            return self.take(np.arange(self.rows.start, self.rows.stop))
        found = np.empty((len(self.store), self.layout.dimension), dtype=np.float32)
        for batch in self.store._scan([ROW, VECTOR]):
            found[batch.column(ROW).to_numpy()] = matrix(batch.column(VECTOR), self.layout.dimension)
        return found

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those of some rows (M,), in that order: an array (M, D)."""
        found = np.empty((len(rows), self.layout.dimension), dtype=np.float32)
        distinct, places = np.unique(rows, return_inverse=True)
        for part in chunks(len(distinct), TAKEN):
            column = self.store._taken(distinct[part], [ROW, VECTOR])[VECTOR].combine_chunks()
            mine = (places >= part.start) & (places < part.stop)
            found[mine] = matrix(column, self.layout.dimension)[places[mine] - part.start]
        return found

    def nearest(self, query: NDArray[np.floating], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Row numbers and cosines of about the `count` rows nearest to a query (D,), nearest first."""
        with told(self.store.place):
            asked = self.store.table.search(query.astype(np.float32), vector_column_name=VECTOR).distance_type("cosine")
            asked = asked.nprobes(PROBES).refine_factor(REFINED).limit(count)
            found = asked.select([ROW, DISTANCE]).to_arrow()
        return found[ROW].to_numpy(), 1 - found[DISTANCE].to_numpy()


def matrix(column: pa.FixedSizeListArray, width: int) -> NDArray[np.float32]:
    """A column of vectors as an array (N, D)."""
    values: NDArray[np.float32] = column.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(len(column), width)


def names_in(database: Any) -> list[str]:
    """Names of the tables of a database."""
    return [str(name) for name in database.list_tables().tables]


def is_there(place: Place) -> bool:
    """Whether there is such a table, or any where none is named."""
    if place.local is not None and not place.local.is_dir():
        return False
    with told(place):
        names = names_in(lancedb.connect(place.folder))
    return (place.table or DEFAULT) in names


def _table_name(place: Place, names: Sequence[str]) -> str:
    """The table that is meant.

    Raises:
        InputError: There is none of that name, or none is named and there is not just one.
    """
    if not names:
        beside = Path(place.folder)
        if beside.suffix == ".lance":
            raise InputError(f"{place} is a table, not a store; write lance://{beside.parent}?table={beside.stem}")
        raise InputError(f"there is no table in {place}; make one with: modicum store {place} --add FILE")
    if place.table is None and DEFAULT in names:
        return DEFAULT
    if place.table is None and len(names) > 1:
        raise InputError(f"{place} holds {len(names)} tables: {', '.join(names[:8])}; say which with ?table={names[0]}")
    if place.table is not None and place.table not in names:
        raise InputError(f"{place} has no table {place.table!r}{nearest_name(place.table, names)}")
    return place.table or names[0]


@contextmanager
def told(place: Place) -> Iterator[None]:
    """Turn what LanceDB says into a sentence that names the store."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if not isinstance(error, OSError | RuntimeError | ValueError) and type(error).__name__ != PANIC:
            raise
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"{place} cannot be used ({reason}); see its states with: modicum store '{place}' --versions"
        ) from error


def _moment(told: datetime) -> datetime:
    return told.astimezone(UTC)
