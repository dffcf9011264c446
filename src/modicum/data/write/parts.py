"""A table written in parts, by whoever has the rows, and joined at the end in their order."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from modicum.core.files import atomic_path
from modicum.data.write.tables import Columns, kinds_change, names_change, writer_of

CSV, PARQUET = ".csv", ".parquet"


def table_part(path: Path, columns: Columns) -> bytes:
    r"""Rows as a part of the table that `join_tables` will write to `path`: a whole file of that format.

    Raises:
        InputError: The ending is not known, or Parquet has no kind for what a column holds.

    Example:
        >>> table_part(Path("answers.jsonl"), {"id": ["a"], "prediction": ["weather"]})
        b'{"id": "a", "prediction": "weather"}\n'
    """
    stream = io.BytesIO()
    writer_of(path)([columns], stream, str(path))
    return stream.getvalue()


def join_tables(parts: Sequence[Path], path: Path) -> None:
    """Write a table from its parts, whole or not at all; the memory needed is that of one part.

    Raises:
        InputError: The columns of a part are not those of the first, or the place cannot be written.
    """
    writer_of(path)
    with atomic_path(path) as work, work.open("wb") as stream:
        if path.suffix.lower() == PARQUET:
            _join_parquet(parts, stream, path)
        else:
            _join_lines(parts, stream, path, header=path.suffix.lower() == CSV)


def _join_lines(parts: Sequence[Path], stream: BinaryIO, path: Path, *, header: bool) -> None:
    first = b""
    for number, part in enumerate(parts):
        with part.open("rb") as rows:
            names = _header(rows) if header else b""
            if number == 0:
                first = names
                stream.write(names)
            elif names != first:
                raise names_change(str(path), first.decode().strip(), names.decode().strip())
            shutil.copyfileobj(rows, stream, 1 << 20)


def _header(rows: BinaryIO) -> bytes:
    """The first line, line breaks within quotes included."""
    line = rows.readline()
    while line.count(b'"') % 2 and (more := rows.readline()):
        line += more
    return line


def _join_parquet(parts: Sequence[Path], stream: BinaryIO, path: Path) -> None:
    schemas = [pq.read_schema(part) for part in parts]
    try:
        schema = pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise kinds_change(str(path), error) from error
    for one in schemas:
        if one.names != schema.names:
            raise names_change(str(path), ",".join(schemas[0].names), ",".join(one.names))
    with pq.ParquetWriter(stream, schema) as writer:
        for part in parts:
            writer.write_table(pq.read_table(part, partitioning=None).cast(schema))
