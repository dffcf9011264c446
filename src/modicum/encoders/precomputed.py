"""Vectors that someone else made: read from and written to files."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_vectors, nearest_name
from modicum.core.errors import InputError

ENDINGS = (".npy", ".parquet")


def read_vectors(path: str | Path, rows: int, ids: Sequence[str] | None = None) -> NDArray[np.floating]:
    """One vector for each row of a table, in the table's order.

    Args:
        path: `.npy` (N, D), memory-mapped; or `.parquet` with a list column `vector` and, if it has one, a column `id`
            that is matched to `ids` (rows may stand in any order, and there may be more than are wanted).
        rows: Rows of the table.
        ids: Their ids; None takes a Parquet file in its own order.

    Raises:
        InputError: The file is missing, broken, has another number of rows, holds NaN, or lacks an id.
    """
    file = Path(path)
    check_choice(file.suffix.lower(), ENDINGS, f"{file}: the ending")
    if not file.is_file():
        raise InputError(f"there is no file {file}; give the file of vectors")
    if file.suffix.lower() == ".npy":
        return check_vectors(_read_npy(file), rows=rows, what=f"{file}: vectors")
    vectors, named = _read_parquet(file)
    if ids is not None and named is not None:
        vectors = vectors[_places(file, named, ids)]
    return check_vectors(vectors, rows=rows, what=f"{file}: vectors")


def write_vectors(path: str | Path, vectors: NDArray[np.floating], ids: Sequence[str] | None = None) -> None:
    """Write vectors (N, D) as float32 so that `read_vectors` reads them: whole or not at all.

    Args:
        path: `.npy`, or `.parquet` for ids beside the vectors.
        vectors: One a row.
        ids: Ids of the rows; a `.npy` file has no place for them.

    Raises:
        InputError: The ending is not one of the two, or the file cannot be written.
    """
    file = check_ending(path)
    _write(file, lambda out: _put(out, file.suffix.lower(), vectors, ids))


def check_ending(path: str | Path) -> Path:
    """Return the file that vectors are written to.

    Raises:
        InputError: Its ending is not one of those.
    """
    file = Path(path)
    check_choice(file.suffix.lower(), ENDINGS, f"{file}: the ending")
    return file


def vectors_part(path: Path, vectors: NDArray[np.floating], ids: Sequence[str]) -> bytes:
    """Vectors (n, D) of some rows as a part of the file `path`: a whole file of that format.

    Raises:
        InputError: They are no finite vectors.
    """
    stream = io.BytesIO()
    _put(stream, path.suffix.lower(), vectors, ids)
    return stream.getvalue()


def join_npy(parts: Sequence[Path], path: Path) -> None:
    """Write the vectors of some `.npy` files as one, whole or not at all; the memory needed is that of one part.

    Raises:
        InputError: The place cannot be written.
    """
    arrays = [np.load(part, mmap_mode="r", allow_pickle=False).shape for part in parts]
    shape = sum(rows for rows, _ in arrays), arrays[0][1]

    def joined(out: IO[bytes]) -> None:
        told = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(out, told)
        for part in parts:
            out.write(np.load(part, allow_pickle=False).data)

    _write(path, joined)


def _put(out: IO[bytes], ending: str, vectors: NDArray[np.floating], ids: Sequence[str] | None) -> None:
    values = np.ascontiguousarray(check_vectors(vectors), dtype=np.float32)
    if ending == ".npy":
        np.save(out, values, allow_pickle=False)
        return
    columns: dict[str, Any] = {} if ids is None else {"id": pa.array([str(i) for i in ids])}
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])
    pq.write_table(pa.table(columns), out)


def _write(file: Path, write: Callable[[IO[bytes]], object]) -> None:
    try:
        handle, sibling = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "wb") as out:
                write(out)
                out.flush()
                os.fsync(out.fileno())
            Path(sibling).replace(file)
        finally:
            Path(sibling).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{file} cannot be written ({error.strerror or error}); give another file") from error


def _read_npy(file: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, TokenError) as error:
        raise InputError(f"{file} is not an array that numpy can map ({error}); write it with numpy.save") from error
    return array


def _read_parquet(file: Path) -> tuple[NDArray[Any], list[str] | None]:
    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{file} cannot be read as Parquet ({error}); write it again") from error
    if "vector" not in table.column_names:
        raise InputError(f"{file} has no column 'vector'{nearest_name('vector', table.column_names)}")
    column = table["vector"].combine_chunks()
    kind = column.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        raise InputError(f"{file}: column 'vector' must hold lists of numbers, not {kind}")
    if column.null_count:
        empty = int(np.flatnonzero(np.asarray(column.is_null()))[0])
        raise InputError(f"{file}: row {empty} has no vector ({column.null_count} such rows); remove or encode them")
    values = column.flatten()
    if values.null_count or not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise InputError(f"{file}: column 'vector' must hold lists of numbers without gaps, not {kind}")
    flat = values.to_numpy(zero_copy_only=False)
    width = len(flat) // len(column) if len(column) else 0
    lengths = np.asarray(column.value_lengths()) if len(column) else np.empty(0)
    if (lengths != width).any():
        odd = int(np.flatnonzero(lengths != lengths[0])[0])
        raise InputError(
            f"{file}: the vector of row {odd} is {lengths[odd]} wide, that of row 0 {lengths[0]}; "
            "make all by one encoder"
        )
    named = [str(i) for i in table["id"].to_pylist()] if "id" in table.column_names else None
    return flat.reshape(len(column), width), named


def _places(file: Path, named: list[str], ids: Sequence[str]) -> NDArray[np.int64]:
    """Row of the file for each id of the table."""
    place = {name: row for row, name in enumerate(named)}
    if len(place) != len(named):
        twice = next(name for row, name in enumerate(named) if place[name] != row)
        raise InputError(f"{file}: the id {twice!r} stands there twice; ids must be unique")
    missing = [i for i in ids if i not in place]
    if missing:
        raise InputError(f"{file} has no vector for id {missing[0]!r} ({len(missing)} such rows); encode them too")
    return np.array([place[i] for i in ids], dtype=np.int64)
