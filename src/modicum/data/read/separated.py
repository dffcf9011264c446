"""Tables whose cells are separated by commas, tabs or semicolons, with errors that name the row.

Arrow parses; it is given whole rows in blocks. Its own reader of streams calls Python from a thread of its own, which
aborts the process where a call is refused while that thread still reads.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa
import pyarrow.csv

from modicum.core.checks import check_once
from modicum.core.errors import InputError
from modicum.data.read.delimiters import delimiter_of
from modicum.data.read.streams import Utf8

BLOCK = 8 << 20
"""Bytes that are read at once."""
LONGEST = 8
"""Blocks that a quoted cell may go on for; a quote that never closes is taken for a letter then."""


def separated(delimiter: str | None = None) -> Callable[[io.BufferedIOBase, str, int], Iterator[pa.Table]]:
    """What reads a stream of such a table in runs of rows; the header tells the delimiter where none is given."""

    def read(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
        checked = Utf8(stream, name)
        try:
            header, sign = _header(checked, delimiter)
            check_once(header, name)
            some = False
            for part in regrouped(_parsed(checked, name, header, sign), rows):
                some = True
                yield part
        except pa.ArrowInvalid as error:
            raise InputError(f"{name} cannot be read as CSV ({' '.join(str(error).split())}); mend the file") from error
        if not some:
            yield pa.table({column: pa.array([], pa.string()) for column in header})

    return read


def regrouped(found: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Batches in runs of `rows` rows, the last one shorter; none where there is no row."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in found:
        rest = batch
        while count + rest.num_rows >= rows:
            cut = rows - count
            yield pa.Table.from_batches([*held, rest.slice(0, cut)])
            rest, held, count = rest.slice(cut), [], 0
        if rest.num_rows:
            held.append(rest)
            count += rest.num_rows
    if held:
        yield pa.Table.from_batches(held)


def _header(stream: Utf8, delimiter: str | None) -> tuple[list[str], str]:
    """Read the header line alone, quoted line breaks included, and leave the stream after it.

    Returns:
        The names of the columns, and what separates cells.
    """
    line = b""
    while True:
        part = stream.readline()
        line += part
        if not part or line.count(b'"') % 2 == 0:
            break
    sign = delimiter or delimiter_of(line.decode("utf-8", "replace"))
    options = pa.csv.ParseOptions(delimiter=sign, newlines_in_values=True)
    table = pa.csv.read_csv(pa.BufferReader(line or b"\n"), parse_options=options)
    return [column.strip() for column in table.column_names], sign


def _parsed(stream: Utf8, name: str, header: list[str], sign: str) -> Iterator[pa.RecordBatch]:
    """All rows as strings, a missing one where a cell is empty."""
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, null_values=[""], check_utf8=False
    )
    before = 0
    for block in _blocks(stream):
        ragged = _Ragged(name, before)
        parse = pa.csv.ParseOptions(delimiter=sign, newlines_in_values=True, invalid_row_handler=ragged)
        # The number of a row is told to a single thread only, which is as fast where no cell is converted.
        reading = pa.csv.ReadOptions(block_size=len(block), column_names=header, use_threads=False)
        try:
            table = pa.csv.read_csv(pa.BufferReader(block), reading, parse, convert)
        except pa.ArrowInvalid:
            if ragged.sentence:
                raise InputError(ragged.sentence) from None
            raise
        before += len(table)
        yield from table.to_batches()


def _blocks(stream: Utf8) -> Iterator[bytes]:
    """Runs of whole rows, each with something in it."""
    held = b""
    while part := stream.read(BLOCK):
        held += part
        cut = _end_of_row(held)
        if not cut and len(held) > LONGEST * BLOCK:
            cut = held.rfind(b"\n") + 1
        if held[:cut].strip():
            yield held[:cut]
        held = held[cut:]
    if held.strip():
        yield held


def _end_of_row(data: bytes) -> int:
    """Place after the last line break outside quotes; 0 where there is none."""
    cut = data.rfind(b"\n") + 1
    while cut and data.count(b'"', 0, cut) % 2:
        cut = data.rfind(b"\n", 0, data.rfind(b'"', 0, cut)) + 1
    return cut


class _Ragged:
    """Takes note of the first row that has too many or too few cells; errors raised here would be lost."""

    def __init__(self, name: str, before: int) -> None:
        self.name, self.before = name, before
        self.sentence = ""

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        text = " ".join(str(row.text)[:60].split())
        self.sentence = self.sentence or (
            f"{self.name}, row {self.before + row.number}: {row.actual_columns} cells ({text!r}) where the header has "
            f"{row.expected_columns}; quote cells that hold the separator"
        )
        return "error"
