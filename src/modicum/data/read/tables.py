"""`read` and `stream`: from files, frames and lists to tables with row ids, texts and labels."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modicum.core.checks import check_column, check_once
from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.core.texts import printable, whole
from modicum.data.read.builtin import builtin
from modicum.data.read.images import check_images, image_files, image_tables, is_images
from modicum.data.read.several import SEPARATOR, check_separator, joined_labels
from modicum.data.read.sources import batches
from modicum.data.store import LanceStore, is_store, open_store

USUAL_TEXT = ("text", "sentence", "question", "document", "body", "message", "content")
USUAL_ID = "id"
OPTIONS = ("text", "label", "id", "group", "time", "image")


@dataclass(frozen=True)
class Columns:
    """Which column plays which part; None where none was named."""

    text: str | None = None
    label: str | tuple[str, ...] | None = None
    """One column, or several whose rows may have several labels."""
    id: str | None = None
    group: str | None = None
    time: str | None = None
    image: str | None = None
    separator: str | None = None
    usual: Columns | None = None
    """What plays a part that is not named, where there is such a column."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All columns of labels."""
        return (self.label,) if isinstance(self.label, str) else self.label or ()


def read(
    source: Any,
    *,
    text: str | None = None,
    label: str | Sequence[str] | None = None,
    id: str | None = None,
    group: str | None = None,
    time: str | None = None,
    image: str | None = None,
    separator: str | None = None,
) -> Table:
    """Read a whole table.

    Args:
        source: CSV, TSV, JSONL, JSON, Parquet or Arrow file (text kinds also as .gz) or pipe, `-` for standard input,
            `lance://` and the folder of a store, which knows its columns and holds its vectors, a built-in table's
            name (its columns are known, and those named here not looked at), a pandas or polars frame, a pyarrow table,
            a dict of columns, or a list or Series of texts; a folder of images, where sub-folders are labels, or one
            image.
        text: Column of texts; may be left out where it is plain.
        label: Column of labels, empty where unknown; or several columns, of 0 and 1 or of names, where a row may have
            several labels.
        id: Column of unique row ids; default the column `id` where it is unique, else row numbers from 0.
        group: Column of groups that splits keep together.
        time: Column of times (numbers, dates, or texts of ISO dates; UTC where no zone is told) by which splits are
            ordered.
        image: Column of image files, relative to the table's folder, instead of texts.
        separator: What parts the labels in a cell, such as `|` or `,`, where a row may have several labels. A cell that
            holds a separator alone is a row known to have none. Cells that are lists need no separator.

    Raises:
        InputError: Something is missing, broken or contradictory; the sentence names file, row, column and remedy.

    Example:
        >>> table = read({"text": ["hello", "bye"], "label": ["greeting", ""]}, text="text", label="label")
        >>> table.labels
        ('greeting', None)
    """
    if separator is not None and check_separator(separator) and not label:
        raise InputError("a separator parts labels, but no column of labels is named; give --label COL, too")
    columns = Columns(text, _one_or_several(label), id, group, time, image, separator)
    if is_store(source):
        store = open_store(source)
        return replace(joined(list(_store_tables(store, columns, 1 << 20))), stored=store.vectors())
    if is_images(source):
        _refuse_columns(columns, str(source))
        parts = list(image_tables(source, 1 << 20))
    elif isinstance(source, (str, Path)):
        known = builtin(str(source))
        if known is not None:
            return known[0]
        parts = list(_tables(batches(source, 1 << 20), columns, str(source)))
    else:
        parts = list(_tables(iter([_arrow_table(source)]), columns, "the table"))
    return joined(parts)


def _one_or_several(label: str | Sequence[str] | None) -> str | tuple[str, ...] | None:
    if label is None or isinstance(label, str):
        return label
    names = tuple(label)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"the column {twice!r} is named twice as a label (--label); name it once")
    return names if len(names) > 1 else names[0] if names else None


def stream(
    source: str | Path,
    *,
    text: str | None = None,
    id: str | None = None,
    label: str | None = None,
    image: str | None = None,
    separator: str | None = None,
    usual: Columns | None = None,
    chunk_rows: int = 20_000,
) -> Iterator[Table]:
    """Read a file in chunks of about `chunk_rows` rows, for tables larger than memory; row ids run through.

    `usual` names columns by their part (text, id, label) that are taken where they are there and no other is named.

    Raises:
        InputError: As `read`; a duplicate id is found even when it is chunks apart.
    """
    columns = Columns(text, label, id, image=image, separator=separator, usual=usual)
    known = builtin(str(source))
    if is_store(source):
        yield from _store_tables(open_store(source), columns, chunk_rows)
    elif is_images(source):
        _refuse_columns(columns, str(source))
        yield from image_tables(source, chunk_rows)
    elif known is not None:
        yield known[0]
    else:
        yield from _tables(batches(source, chunk_rows), columns, str(source))


def _store_tables(store: LanceStore, columns: Columns, rows: int) -> Iterator[Table]:
    """Tables of a store, whose own columns play the parts that none are named for; each brings its vectors."""
    kept = store.layout
    if kept is not None and columns.usual is None:
        usual = Columns(kept.text, kept.label, kept.id)
        separator = columns.separator or (kept.separator if columns.label in (None, kept.label) else None)
        columns = replace(columns, usual=usual, separator=separator)
    done = 0
    for table in _tables(store.batches(rows), columns, str(store.place)):
        yield replace(table, stored=store.vectors(range(done, done + len(table))))
        done += len(table)


def _refuse_columns(columns: Columns, name: str) -> None:
    """A folder of images has no columns."""
    named = next((option for option in OPTIONS if getattr(columns, option) is not None), None)
    if named is not None:
        check_images(name)
        raise InputError(
            f"{name} holds images, and no columns that --{named} could name; the names of sub-folders are the labels"
        )


def _arrow_table(source: Any) -> pa.Table:
    """What was handed in as an Arrow table.

    Raises:
        InputError: It is no table, or its columns do not make one.
    """
    try:
        return _converted(source)
    except InputError:
        raise
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        reason = printable("; ".join(map(str, error.args)))
        raise InputError(
            f"the columns do not make a table ({reason}); give lists of equal length and one type"
        ) from error


def _converted(source: Any) -> pa.Table:
    kind = type(source).__module__.split(".")[0]
    if isinstance(source, pa.Table):
        check_once(source.column_names, "the table")
        return source
    if kind in ("pandas", "polars", "numpy") and len(getattr(source, "shape", (0, 0))) == 1:
        source = list(source)  # one column, of texts
    elif kind == "pandas":
        return pa.Table.from_pandas(source, preserve_index=False)
    elif kind == "polars":
        return source.lazy().collect().to_arrow()
    if isinstance(source, Mapping):
        return pa.table({name: _column(values) for name, values in source.items()})
    if isinstance(source, Sequence):
        wrong = next((row for row, item in enumerate(source) if not isinstance(item, str)), None)
        if wrong is not None:
            raise InputError(f"row {wrong + 1}: {source[wrong]!r} is not a text; a list must hold texts only")
        return pa.table({"text": _column(source, pa.string())})
    raise InputError(
        f"a {type(source).__name__} is not a table; give a file, a frame, a dict of columns or a list of texts"
    )


def _column(values: Iterable[Any], kind: pa.DataType | None = None) -> pa.Array:
    found = list(values)
    try:
        return pa.array(found, kind, from_pandas=True)
    except UnicodeEncodeError:
        return pa.array([whole(one) if isinstance(one, str) else one for one in found], kind, from_pandas=True)


def _tables(parts: Iterator[pa.Table], columns: Columns, name: str) -> Iterator[Table]:
    done, seen = 0, Ids(name)
    for part in parts:
        if done == 0:
            columns = resolved(part, columns, name)
            own_ids = columns.id
        if part.num_rows == 0:
            continue
        table = table_of(part, columns, name, done)
        ids = table.ids
        if own_ids is not None:
            seen.add(ids, done)
        done += len(table)
        yield table
    if done == 0:
        raise InputError(f"{name} has no rows; give a table that has some")


def resolved(part: pa.Table, columns: Columns, name: str) -> Columns:
    """Check that named columns exist, and find the text and id columns where they are plain.

    Raises:
        InputError: One does not exist, both texts and images are named, or it is not plain which column is the text.
    """
    there = part.column_names
    if columns.usual is not None:
        parts = {name: getattr(columns.usual, name) for name in ("text", "label", "id")}
        fitting = {n: c for n, c in parts.items() if c in there and getattr(columns, n) is None}
        if columns.image is not None:
            fitting.pop("text", None)
        columns = replace(columns, **fitting)
    if columns.text is not None and columns.image is not None:
        raise InputError(f"{name}: rows are texts (--text) or images (--image), not both; name one of the columns")
    named = [(option, getattr(columns, option)) for option in OPTIONS if option != "label"]
    for option, column in (*named, *(("label", column) for column in columns.labels)):
        if column is not None:
            check_column(column, there, source=name, option=f"--{option}")
    text = columns.text
    if text is None and columns.image is None:
        taken = {*columns.labels, columns.id, columns.group, columns.time}
        strings = [c for c in there if _is_text(part.schema.field(c).type) and c not in taken]
        usual = [c for c in strings if c.lower() in USUAL_TEXT]
        candidates = usual if len(usual) == 1 else strings
        if len(candidates) != 1:
            listed = ", ".join(repr(c) for c in there[:12])
            raise InputError(f"{name}: say which column holds the texts with --text; there are: {listed}")
        text = candidates[0]
    return replace(columns, text=text, id=columns.id or _plain_id(part))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain_id(part: pa.Table) -> str | None:
    """The column `id`, if the first rows' values in it are there and distinct."""
    if USUAL_ID not in part.column_names:
        return None
    values = part[USUAL_ID].to_pylist()
    plain = None not in values and len({*map(id_text, values)}) == len(values)
    return USUAL_ID if plain else None


def table_of(part: pa.Table, columns: Columns, name: str, offset: int) -> Table:
    """Rows of a file, the first of which is number `offset`, as a table.

    Raises:
        InputError: A text, label, time or image file of a row cannot be read; the sentence names file, row and column.
    """
    own = {column: part[column].to_pylist() for column in part.column_names}
    column = str(columns.image or columns.text)
    texts = tuple(_text(value, column, name, offset + row) for row, value in enumerate(own[column]))
    count = len(texts)
    labels, separator = _labels(own, columns, name, offset, count)
    ids = tuple(map(id_text, own[columns.id])) if columns.id else tuple(str(offset + row) for row in range(count))
    groups = tuple(map(str, own[columns.group])) if columns.group else None
    times = None
    if columns.time:
        times = np.array([_time(v, columns, name, offset + row) for row, v in enumerate(own[columns.time])])
    images = image_files(texts, name, column, offset) if columns.image else None
    told = ", ".join(columns.labels) or None
    return Table(
        ids,
        texts,
        labels,
        name,
        column,
        told,
        groups=groups,
        times=times,
        columns=own,
        images=images,
        separator=separator,
    )


def _labels(
    own: Mapping[str, Sequence[Any]], columns: Columns, name: str, offset: int, count: int
) -> tuple[tuple[str | None, ...], str | None]:
    """Labels of the rows, and what joins them where a row may have several."""
    if not columns.labels:
        return (None,) * count, None
    first = own[columns.labels[0]]
    lists = any(isinstance(value, (list, tuple)) for value in first)
    if len(columns.labels) == 1 and columns.separator is None and not lists:
        return tuple(map(_label, first)), None
    values = {column: own[column] for column in columns.labels}
    return joined_labels(values, columns.separator, name, offset), columns.separator or SEPARATOR


def _text(value: Any, column: str, name: str, row: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{name}, row {row + 1}: column {column!r} holds {value!r}, not a text; name another column")
    return value


def _label(value: Any) -> str | None:
    """A label as a string; None where there is none."""
    if value is None or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() or None


def id_text(value: Any) -> str:
    """An id as a string; empty where there is none."""
    return "" if value is None else str(value)


def _time(value: Any, columns: Columns, name: str, row: int) -> float:
    try:
        if isinstance(value, datetime.datetime):
            return _seconds(value)
        if isinstance(value, datetime.date):
            return datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC).timestamp()
        if isinstance(value, str) and not value.strip().replace(".", "", 1).lstrip("-").isdigit():
            return _seconds(datetime.datetime.fromisoformat(value.strip()))
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = float("nan")
    if not np.isfinite(seconds):
        raise InputError(
            f"{name}, row {row + 1}: column {columns.time!r} holds {value!r}, which is no time; "
            "write numbers or dates like 2026-01-31"
        )
    return seconds


def _seconds(moment: datetime.datetime) -> float:
    """Seconds since 1970; a moment without a time zone is taken as one of UTC, whatever this machine's zone."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


class Ids:
    """Ids met so far, as digests in sorted runs (24 bytes an id), so that a duplicate is found chunks apart."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.runs: list[NDArray[np.uint64]] = []
        """Of each run (n, 3) the digests' two halves and the row, ascending by the first half."""

    def add(self, ids: Sequence[str], offset: int) -> None:
        """Take note of the ids of a chunk whose first row is `offset`.

        Raises:
            InputError: An id is empty, or was met before.
        """
        empty = next((row for row, value in enumerate(ids, start=offset) if not value.strip()), None)
        if empty is not None:
            raise InputError(f"{self.name}, row {empty + 1}: the id is empty; give every row an id, or none with --id")
        new = np.empty((len(ids), 3), dtype=np.uint64)
        told = b"".join(hashlib.blake2b(i.encode("utf-8", "replace"), digest_size=16).digest() for i in ids)
        new[:, :2] = np.frombuffer(told, dtype=np.uint64).reshape(-1, 2)
        new[:, 2] = np.arange(offset, offset + len(ids))
        new = new[np.argsort(new[:, 0], kind="stable")]
        twice = [_pairs(run, new) for run in self.runs] + [_twins(new)]
        if any(map(len, twice)):
            found = np.concatenate(twice)
            first, second = found[np.argmin(found[:, 1])].tolist()
            raise InputError(
                f"{self.name}: the id {ids[second - offset]!r} stands in row {first + 1} and in row {second + 1}; "
                "ids must be unique"
            )
        while self.runs and len(self.runs[-1]) <= len(new):
            both = np.concatenate([self.runs.pop(), new])
            new = both[np.argsort(both[:, 0], kind="stable")]
        self.runs.append(new)


def _pairs(run: NDArray[np.uint64], new: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Rows (n, 2) of equal digests: in the run, and among the new."""
    at = np.minimum(np.searchsorted(run[:, 0], new[:, 0]), len(run) - 1)
    same = (run[at, :2] == new[:, :2]).all(axis=1)
    return np.stack([run[at[same], 2], new[same, 2]], axis=1)


def _twins(new: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Rows (n, 2) of equal digests next to one another."""
    same = (new[1:, :2] == new[:-1, :2]).all(axis=1)
    return np.stack([new[:-1, 2][same], new[1:, 2][same]], axis=1)


def joined(parts: Sequence[Table]) -> Table:
    """Tables of one source, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Table(
        sum((p.ids for p in parts), ()),
        sum((p.texts for p in parts), ()),
        sum((p.labels for p in parts), ()),
        first.source,
        first.text_column,
        first.label_column,
        groups=None if first.groups is None else sum((p.groups or () for p in parts), ()),
        times=None if first.times is None else np.concatenate([p.times for p in parts if p.times is not None]),
        images=None if first.images is None else sum((p.images or () for p in parts), ()),
        columns={name: [v for p in parts for v in p.columns.get(name, [None] * len(p))] for name in first.columns},
        separator=next((p.separator for p in parts if p.separator is not None), None),
    )
