"""Columns of a Parquet file that somebody else may have written, within bounds of memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from modicum.core.errors import InputError

VALUES = 20_000_000
"""Values of a column."""
BYTES = 1_000_000_000
"""Bytes of a column once it is unpacked. A value that recurs takes next to nothing in the file."""


def read_columns(file: Path, names: Sequence[str]) -> pa.Table:
    """Those of some columns that a file has.

    Raises:
        InputError: It is no Parquet file, or would take too much memory; that is told before it is unpacked.
    """
    try:
        with pq.ParquetFile(file) as opened:
            there = [name for name in dict.fromkeys(names) if opened.schema_arrow.names.count(name) == 1]
            leaves = _leaves(opened, there, file)
        packed = pq.read_table(file, columns=there, read_dictionary=leaves, use_threads=False)
        table = pa.table({name: _unpacked(packed.column(name), file) for name in there})
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise InputError(f"{file} cannot be read as Parquet ({_short(error)}); fit again") from error
    return table


def _leaves(opened: pq.ParquetFile, names: Sequence[str], file: Path) -> list[str]:
    """Paths of the columns of texts; a look at what the file says of itself comes first."""
    told, texts = opened.metadata, list[str]()
    for number in range(told.num_columns):
        path = told.schema.column(number).path
        # A name may hold a dot itself, so that a path is not cut at its first one.
        if not any(path == name or path.startswith(f"{name}.") for name in names):
            continue
        groups = [told.row_group(k).column(number) for k in range(told.num_row_groups)]
        values, size = sum(one.num_values for one in groups), sum(one.total_uncompressed_size for one in groups)
        if max(values, told.num_rows) > VALUES or size > BYTES:
            raise InputError(
                f"{file}: column {path[:40]!r} is too large ({values:,} values, {size:,} bytes); fit again"
            )
        if told.schema.column(number).physical_type == "BYTE_ARRAY":
            texts.append(path)
    return texts


def _unpacked(column: pa.ChunkedArray, file: Path) -> pa.ChunkedArray:
    """A column without its dictionary, if there is room for that."""
    total = sum(_size(chunk) for chunk in column.chunks)
    if total > BYTES:
        raise InputError(f"{file}: a column unpacks to {total:,} bytes, and {BYTES:,} are allowed; fit again")
    return column.cast(_plain(column.type))


def _size(chunk: pa.Array) -> int:
    """Bytes that a chunk takes once it is unpacked."""
    if pa.types.is_list(chunk.type) or pa.types.is_large_list(chunk.type):
        return _size(chunk.flatten())
    if not pa.types.is_dictionary(chunk.type):
        return int(chunk.nbytes)
    lengths = np.asarray(pc.binary_length(chunk.dictionary).fill_null(0), dtype=np.int64)
    places = np.asarray(chunk.indices.drop_null(), dtype=np.int64)
    return int(lengths[places].sum()) if len(places) else 0


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return kind


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
