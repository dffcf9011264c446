"""Columns to files, chunk by chunk, in the format that the file's ending names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from modicum.core.errors import InputError
from modicum.core.files import atomic_path, check_file_place

Columns = Mapping[str, Sequence[Any]]
Writer = Callable[[Iterable[Columns], BinaryIO, str], int]
"""What writes chunks to a stream, whose name it is given for messages, and returns the number of rows."""
JOIN = "|"
"""Joins the items of a list in CSV."""


def write_table(path: str | Path, columns: Columns) -> int:
    """Write columns as one table; returns the number of rows.

    Raises:
        InputError: As `write_stream`.
    """
    return write_stream([columns], path)


def write_stream(chunks: Iterable[Columns], target: str | Path | TextIO) -> int:
    """Write chunks of columns to a file (csv, jsonl or parquet by its ending), or as CSV to an open text stream.

    A file is there whole or not at all. In CSV, lists are joined by `|`.

    Returns:
        The number of rows.

    Raises:
        InputError: The ending is not known, the place cannot be written, or the columns change on the way, which JSONL
            alone has a place for.
    """
    if not isinstance(target, (str, Path)):
        return _write_csv(chunks, target, "standard output")
    path = Path(target)
    writer = writer_of(path)
    with atomic_path(path) as work, work.open("wb") as stream:
        return writer(chunks, stream, str(path))


def check_table_place(path: str | Path, option: str = "--out") -> None:
    """Let a place pass at which a table can be written, before the work begins whose result it is for.

    Raises:
        InputError: The ending is not known, or the place cannot be written.
    """
    writer_of(Path(path))
    check_file_place(Path(path), option)


def writer_of(path: Path) -> Writer:
    """What writes the format that the file's ending names.

    Raises:
        InputError: The ending is not known.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise InputError(f"{path} ends in {path.suffix or 'nothing'!r}; a table is written as {', '.join(WRITERS)}")
    return writer


def names_change(name: str, first: str, later: str) -> InputError:
    """What to raise where the columns of later rows are not those of the first."""
    return InputError(
        f"{name}: the columns change on the way, from {first!r} to {later!r}, for which .csv and .parquet have no "
        "place; write .jsonl"
    )


def kinds_change(name: str, error: pa.ArrowException) -> InputError:
    """What to raise where a column holds values of kinds that Parquet has no common one for."""
    return InputError(f"{name}: the kinds of a column change on the way ({error}); write .jsonl")


def _text(write: Callable[[Iterable[Columns], TextIO, str], int]) -> Writer:
    """A writer of bytes from one of text."""

    def written(chunks: Iterable[Columns], stream: BinaryIO, name: str) -> int:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            return write(chunks, text, name)
        finally:
            text.detach()

    return written


def _alike(chunks: Iterable[Columns], name: str) -> Iterator[Columns]:
    """The chunks, as long as their columns are those of the first."""
    first: list[str] | None = None
    for columns in chunks:
        first = list(columns) if first is None else first
        if list(columns) != first:
            raise names_change(name, ",".join(first), ",".join(columns))
        yield columns


def _write_csv(chunks: Iterable[Columns], stream: TextIO, name: str) -> int:
    writer, rows = csv.writer(stream, lineterminator="\n"), 0
    for number, columns in enumerate(_alike(chunks, name)):
        if number == 0:
            writer.writerow(columns)
        lists = [map(_cell, values) for values in columns.values()]
        for row in zip(*lists, strict=True):
            writer.writerow(row)
            rows += 1
    return rows


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return JOIN.join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return value


def _write_jsonl(chunks: Iterable[Columns], stream: TextIO, name: str) -> int:
    rows = 0
    for columns in chunks:
        for row in zip(*columns.values(), strict=True):
            stream.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str) + "\n")
            rows += 1
    return rows


def _write_parquet(chunks: Iterable[Columns], stream: BinaryIO, name: str) -> int:
    writer, rows = None, 0
    try:
        for columns in _alike(chunks, name):
            table = _table(columns, writer and writer.schema, name)
            if writer is None:
                writer = pq.ParquetWriter(stream, table.schema)
            writer.write_table(table)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def _table(columns: Columns, schema: pa.Schema | None, name: str) -> pa.Table:
    """Columns as an Arrow table, of the kinds of an earlier one where there is one."""
    try:
        table = pa.table({column: pa.array(values) for column, values in columns.items()})
        return table if schema is None else table.cast(schema)
    except pa.ArrowException as error:
        raise kinds_change(name, error) from error


WRITERS: dict[str, Writer] = {
    ".csv": _text(_write_csv),
    ".jsonl": _text(_write_jsonl),
    ".parquet": _write_parquet,
}
