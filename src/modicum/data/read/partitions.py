"""A file cut into partitions of bounded rows: always at the same rows, each as bytes that travel to a worker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.read.builtin import builtin
from modicum.data.read.images import is_images
from modicum.data.read.sources import STDIN, batches, is_pipe
from modicum.data.read.tables import Columns, Ids, id_text, resolved, table_of
from modicum.data.store.opening import is_store

READ = 20_000
"""Rows read at a time; the first of them decide which columns are which, as for `stream`."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Rows of a file that stand in one run."""

    number: int
    first: int
    """Row of the file, from 0, that is its first."""
    rows: int
    data: bytes
    """The rows as an Arrow stream."""
    columns: Columns
    source: str

    def table(self) -> Table:
        """The rows as `stream` would yield them.

        Raises:
            InputError: A cell is not what its column should hold.
        """
        with pa.ipc.open_stream(self.data) as reader:
            return table_of(reader.read_all(), self.columns, self.source, self.first)


def is_file_of_rows(source: str | Path) -> bool:
    """Whether a table is a file that can be read again: no pipe, built-in table, store or folder of images."""
    pipe = str(source) == STDIN or is_store(source) or is_pipe(Path(source))
    return not pipe and builtin(str(source)) is None and not is_images(source)


def partitions(
    source: str | Path,
    size: Callable[[int], int],
    *,
    text: str | None = None,
    id: str | None = None,
    image: str | None = None,
) -> Iterator[Partition]:
    """Cut a file into partitions; the same file is cut at the same rows each time.

    Args:
        source: A file as for `stream`.
        size: Most rows of a partition, by its number. It has fewer at the end, and where the kinds of columns change.
        text: Column of texts.
        id: Column of unique ids.
        image: Column of image files.

    Raises:
        InputError: As `stream`.
    """
    name, found = str(source), batches(source, READ)
    head = next(found)
    columns = resolved(head, Columns(text, None, id, image=image), name)
    seen, done = Ids(name), 0
    for number, part in enumerate(_cut(itertools.chain([head], found), size)):
        if columns.id is not None:
            seen.add([id_text(value) for value in part[columns.id].to_pylist()], done)
        yield Partition(number, done, part.num_rows, _packed(part), columns, name)
        done += part.num_rows
    if done == 0:
        raise InputError(f"{name} has no rows; give a table that has some")


def _cut(found: Iterator[pa.Table], size: Callable[[int], int]) -> Iterator[pa.Table]:
    """The same rows in runs of `size(number)`, each of one schema."""
    number, held = 0, None
    for part in found:
        if held is not None and held.schema.equals(part.schema):
            held = pa.concat_tables([held, part])
        else:
            if held is not None and held.num_rows:
                yield held
                number += 1
            held = part
        while held.num_rows >= size(number):
            yield held.slice(0, size(number))
            held = held.slice(size(number))
            number += 1
    if held is not None and held.num_rows:
        yield held


def _packed(part: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, part.schema) as writer:
        writer.write_table(part)
    data: bytes = sink.getvalue().to_pybytes()
    return data
