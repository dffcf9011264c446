"""Columns to files, chunk by chunk, in the format that the file's ending names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from modicum.core.errors import InputError
from modicum.core.files import atomic_path, check_file_place

Columns = Mapping[str, Sequence[Any]]
Writer = Callable[[Iterable[Columns], BinaryIO], int]
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
        InputError: The ending is not known, or the place cannot be written.
    """
    if not isinstance(target, (str, Path)):
        return _write_csv(chunks, target)
    path = Path(target)
    writer = writer_of(path)
    with atomic_path(path) as work, work.open("wb") as stream:
        return writer(chunks, stream)


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


def _text(write: Callable[[Iterable[Columns], TextIO], int]) -> Writer:
    """A writer of bytes from one of text."""

    def written(chunks: Iterable[Columns], stream: BinaryIO) -> int:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            return write(chunks, text)
        finally:
            text.detach()

    return written


def _write_csv(chunks: Iterable[Columns], stream: TextIO) -> int:
    writer, rows = csv.writer(stream, lineterminator="\n"), 0
    for number, columns in enumerate(chunks):
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


def _write_jsonl(chunks: Iterable[Columns], stream: TextIO) -> int:
    rows = 0
    for columns in chunks:
        for row in zip(*columns.values(), strict=True):
            stream.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False, default=str) + "\n")
            rows += 1
    return rows


def _write_parquet(chunks: Iterable[Columns], stream: BinaryIO) -> int:
    writer, rows = None, 0
    try:
        for columns in chunks:
            table = pa.table({name: pa.array(values) for name, values in columns.items()})
            if writer is None:
                writer = pq.ParquetWriter(stream, table.schema)
            writer.write_table(table.cast(writer.schema))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


WRITERS: dict[str, Writer] = {
    ".csv": _text(_write_csv),
    ".jsonl": _text(_write_jsonl),
    ".parquet": _write_parquet,
}
