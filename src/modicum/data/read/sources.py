"""Files of every kind to Arrow batches whose columns are Python values, with errors that name file and line."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.data.read.builtin import BUILTIN
from modicum.data.read.delimiters import delimiter_of

STDIN = "-"
BLOCK = 8 << 20
BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
GZIP = b"\x1f\x8b"
MAGIC = {b"PAR1": ".parquet", b"ARROW1": ".arrow"}
LONGEST_MAGIC = 6
DESCRIPTORS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))
"""Folders in which a system names its open files."""


def batches(source: str | Path, rows: int) -> Iterator[pa.Table]:
    """Yield the table of a file in runs of about `rows` rows; at least one run, perhaps empty.

    Raises:
        InputError: The file is missing, of an unknown kind, or broken; the sentence names the place.
    """
    if str(source) == STDIN:
        name = "standard input"
        with _told(name):
            yield from _piped(cast(io.BufferedIOBase, sys.stdin.buffer), name, rows)
        return
    path = Path(source)
    if is_pipe(path):
        with _told(str(path)), path.open("rb") as stream:
            yield from _piped(stream, str(path), rows)
        return
    _check_file(path)
    endings = [ending.lower() for ending in path.suffixes]
    packed = bool(endings) and endings[-1] == ".gz"
    kind = endings[-2] if packed and len(endings) > 1 else endings[-1] if endings else ""
    if kind not in (*TEXT, *BINARY) or (packed and kind in BINARY):
        known = ", ".join([*TEXT, *BINARY])
        said = "".join(path.suffixes[-2:]) or "nothing"
        raise InputError(f"{path} ends in {said!r}, which is not a known table; save it as one of {known}")
    with _told(str(path)), gzip.open(path) if packed else path.open("rb") as stream:
        if kind in BINARY:
            yield from BINARY[kind](stream, rows)
        else:
            yield from _text_batches(stream, str(path), kind, rows)


def is_pipe(path: Path) -> bool:
    """Whether it is a stream without an ending: a named pipe, `/dev/stdin` or what the shell makes of `<(command)`."""
    return (
        path.is_fifo() or path.is_char_device() or (path.parent in DESCRIPTORS and path.exists() and not path.is_dir())
    )


def _piped(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    """A table without an ending, whose kind its first bytes tell."""
    head = stream.read(LONGEST_MAGIC)
    whole = _Pushed(head, stream)
    if head.startswith(GZIP):
        with gzip.open(cast(Any, whole)) as unpacked:
            yield from _text_batches(cast(io.BufferedIOBase, unpacked), name, None, rows)
        return
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            yield from BINARY[kind](io.BytesIO(whole.read()), rows)
            return
    yield from _text_batches(whole, name, None, rows)


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a table; give the file of one")
    beside = sorted(p.name for p in path.parent.iterdir() if p.is_file()) if path.parent.is_dir() else []
    tables = [name for name in beside if {*Path(name.lower()).suffixes} & {*TEXT, *BINARY}]
    raise InputError(f"there is no file {path}{nearest_name(path.name, [*tables, *BUILTIN])}")


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what libraries say of a broken file into a sentence that names it."""
    try:
        yield
    except InputError:
        raise
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(
            f"{name} cannot be read ({reason}); check that the file is whole and of the kind it is named"
        ) from error


def _text_batches(stream: io.BufferedIOBase, name: str, kind: str | None, rows: int) -> Iterator[pa.Table]:
    head = stream.read(4096)
    rest = head.removeprefix(BOM)
    buffered = _Pushed(rest, stream)
    head = rest
    first = head.lstrip()[:1]
    if kind is None:
        kind = ".jsonl" if first == b"{" else ".json" if first == b"[" else ".csv"
    if not head:
        raise InputError(f"{name} is empty; a table needs a header and rows")
    yield from TEXT[kind](buffered, name, rows)


def _csv(delimiter: str | None = None) -> Callable[[io.BufferedIOBase, str, int], Iterator[pa.Table]]:
    def read(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
        ragged = _Ragged(name)
        checked = _Utf8(stream, name)
        try:
            header, sign = _header(checked, delimiter)
            if len(set(header)) < len(header):
                twice = next(column for column in header if header.count(column) > 1)
                raise InputError(f"{name}: the column {twice!r} is there twice; rename one of them")
            found = pa.csv.open_csv(
                pa.PythonFile(checked),
                read_options=pa.csv.ReadOptions(block_size=BLOCK, column_names=header),
                parse_options=pa.csv.ParseOptions(delimiter=sign, newlines_in_values=True, invalid_row_handler=ragged),
                convert_options=pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()),
                    strings_can_be_null=True,
                    null_values=[""],
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                yield pa.table({column: pa.array([], pa.string()) for column in header})
                return
            raise _csv_error(name, ragged, error) from error
        try:
            some = False
            for part in regrouped(found, rows):
                some = True
                yield part
            if not some:
                yield found.schema.empty_table()
        except pa.ArrowInvalid as error:
            raise _csv_error(name, ragged, error) from error

    return read


def _csv_error(name: str, ragged: _Ragged, error: Exception) -> InputError:
    return InputError(
        ragged.sentence or f"{name} cannot be read as CSV ({' '.join(str(error).split())}); mend the file"
    )


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


def _header(stream: _Utf8, delimiter: str | None) -> tuple[list[str], str]:
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
    table = pa.csv.read_csv(
        io.BytesIO(line or b"\n"),
        parse_options=pa.csv.ParseOptions(delimiter=sign, newlines_in_values=True),
    )
    return [column.strip() for column in table.column_names], sign


class _Ragged:
    """Takes note of the first row that has too many or too few cells; errors raised here would be lost."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sentence = ""

    def __call__(self, row: pa.csv.InvalidRow) -> str:
        text = " ".join(str(row.text)[:60].split())
        self.sentence = self.sentence or (
            f"{self.name}: the row {text!r} has {row.actual_columns} cells where the header has "
            f"{row.expected_columns}; quote cells that hold the separator"
        )
        return "error"


class _Pushed(io.BufferedIOBase):
    """A byte stream with its first bytes, which were looked at, put back."""

    def __init__(self, head: bytes, stream: io.BufferedIOBase) -> None:
        self.head, self.stream = io.BytesIO(head), stream

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            return self.head.read() + self.stream.read()
        head = self.head.read(size)
        return head + self.stream.read(size - len(head))

    def readline(self, size: int | None = -1) -> bytes:
        line = self.head.readline()
        return line if line.endswith(b"\n") else line + self.stream.readline()


class _Utf8(io.BufferedIOBase):
    """A byte stream that refuses bytes which are no UTF-8, naming their line."""

    def __init__(self, stream: io.BufferedIOBase, name: str) -> None:
        self.stream, self.name, self.line, self.tail = stream, name, 1, b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        return self._checked(self.stream.read(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._checked(self.stream.readline())

    def _checked(self, data: bytes) -> bytes:
        whole = self.tail + data
        try:
            whole.decode("utf-8")
            self.tail = b""
        except UnicodeDecodeError as error:
            if data and error.reason == "unexpected end of data" and len(whole) - error.start < 4:
                self.tail = whole[error.start :]
            else:
                line = self.line + whole[: error.start].count(b"\n")
                theirs = "utf-16" if self.line == 1 and data.startswith(UTF16) else "latin1"
                raise InputError(
                    f"{self.name}, line {line}: the text is not UTF-8; convert it, for instance with: "
                    f"iconv -f {theirs} -t utf-8 {self.name} > utf8{Path(self.name).suffix or '.csv'}"
                ) from error
        self.line += data.count(b"\n")
        return data


def _jsonl(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    lines = enumerate(_lines(_Utf8(stream, name)), start=1)
    keys: dict[str, None] = {}
    some = False
    while chunk := list(itertools.islice(lines, rows)):
        some = True
        records = [_record(line, f"{name}, line {number}") for number, line in chunk if line.strip()]
        # Rows may leave out what they do not know: a column that was there before is there to the end.
        keys |= dict.fromkeys(key for record in records for key in record)
        yield _from_records(records, keys)
    if not some:
        raise InputError(f"{name} is empty; a table needs rows")


def _lines(stream: _Utf8) -> Iterator[bytes]:
    while line := stream.readline():
        yield line


def _record(line: bytes, where: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error}); write a JSON object on every line") from error
    if not isinstance(record, dict):
        raise InputError(f'{where}: a row must be a JSON object like {{"text": ...}}, not {type(record).__name__}')
    return record


def _json(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    try:
        found = json.loads(_Utf8(stream, name).read())
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} is not JSON ({error}); check that the file is whole") from error
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise InputError(f'{name} must be a list of JSON objects like [{{"text": ...}}]')
    yield _from_records(found, dict.fromkeys(key for record in found for key in record))


def _from_records(records: list[dict[str, object]], keys: Iterable[str]) -> pa.Table:
    columns = {}
    for key in keys:
        values = [record.get(key) for record in records]
        try:
            columns[key] = pa.array(values)
        except pa.ArrowException:
            columns[key] = pa.array([None if v is None else v if isinstance(v, str) else json.dumps(v) for v in values])
    return pa.table(columns)


def _parquet(stream: io.BufferedIOBase, rows: int) -> Iterator[pa.Table]:
    file = pq.ParquetFile(stream)
    some = False
    for batch in file.iter_batches(batch_size=rows):
        some = True
        yield pa.Table.from_batches([batch])
    if not some:
        yield file.schema_arrow.empty_table()


def _arrow(stream: io.BufferedIOBase, rows: int) -> Iterator[pa.Table]:
    file = pa.ipc.open_file(stream)
    some = False
    for number in range(file.num_record_batches):
        some = True
        yield pa.Table.from_batches([file.get_batch(number)])
    if not some:
        yield file.schema.empty_table()


TEXT: dict[str, Callable[[io.BufferedIOBase, str, int], Iterator[pa.Table]]] = {
    ".csv": _csv(),
    ".tsv": _csv("\t"),
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
}
BINARY: dict[str, Callable[[io.BufferedIOBase, int], Iterator[pa.Table]]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
}
