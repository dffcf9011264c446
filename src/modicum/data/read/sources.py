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
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq

from modicum.core.checks import check_once, nearest_name
from modicum.core.errors import InputError
from modicum.core.json_files import parse_json
from modicum.data.read.builtin import BUILTIN
from modicum.data.read.separated import separated
from modicum.data.read.streams import BOM, Pushed, Utf8

STDIN = "-"
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
            yield from _sound(BINARY[kind](stream, rows), str(path))
        else:
            yield from _text_batches(stream, str(path), kind, rows)


def is_pipe(path: Path) -> bool:
    """Whether it is a stream without an ending: a named pipe, `/dev/stdin` or what the shell makes of `<(command)`."""
    return (
        path.is_fifo() or path.is_char_device() or (path.parent in DESCRIPTORS and path.exists() and not path.is_dir())
    )


def bare_name(path: Path) -> str:
    """The name of a table's file without the endings that tell its kind; other dots are part of the name.

    Example:
        >>> bare_name(Path("tickets.2026-01.csv.gz"))
        'tickets.2026-01'
    """
    unpacked = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return unpacked.stem if unpacked.suffix.lower() in (*TEXT, *BINARY) else unpacked.name


def _piped(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    """A table without an ending, whose kind its first bytes tell."""
    head = stream.read(LONGEST_MAGIC)
    whole = Pushed(head, stream)
    if head.startswith(GZIP):
        with gzip.open(cast(Any, whole)) as unpacked:
            yield from _text_batches(cast(io.BufferedIOBase, unpacked), name, None, rows)
        return
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            yield from _sound(BINARY[kind](io.BytesIO(whole.read()), rows), name)
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
    except (pa.ArrowException, OSError, EOFError, UnicodeError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(
            f"{name} cannot be read ({reason}); check that the file is whole and of the kind it is named"
        ) from error


def _text_batches(stream: io.BufferedIOBase, name: str, kind: str | None, rows: int) -> Iterator[pa.Table]:
    head = stream.read(4096)
    rest = head.removeprefix(BOM)
    buffered = Pushed(rest, stream)
    head = rest
    first = head.lstrip()[:1]
    if kind is None:
        kind = ".jsonl" if first == b"{" else ".json" if first == b"[" else ".csv"
    if not head:
        raise InputError(f"{name} is empty; a table needs a header and rows")
    yield from TEXT[kind](buffered, name, rows)


def _jsonl(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    lines = enumerate(_lines(Utf8(stream, name)), start=1)
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


def _lines(stream: Utf8) -> Iterator[bytes]:
    while line := stream.readline():
        yield line


def _record(line: bytes, where: str) -> dict[str, object]:
    try:
        record = parse_json(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON ({error}); write a JSON object on every line") from error
    if not isinstance(record, dict):
        raise InputError(f'{where}: a row must be a JSON object like {{"text": ...}}, not {type(record).__name__}')
    return record


def _json(stream: io.BufferedIOBase, name: str, rows: int) -> Iterator[pa.Table]:
    try:
        found = parse_json(Utf8(stream, name).read())
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
        except (pa.ArrowException, OverflowError):
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


def _sound(parts: Iterator[pa.Table], name: str) -> Iterator[pa.Table]:
    """Parts of a file of Arrow's kinds, which nobody has looked into: texts may not be UTF-8, offsets lead astray."""
    for part in parts:
        check_once(part.column_names, name)
        part.validate(full=True)
        yield part


def _arrow(stream: io.BufferedIOBase, rows: int) -> Iterator[pa.Table]:
    file = pa.ipc.open_file(stream)
    some = False
    for number in range(file.num_record_batches):
        some = True
        yield pa.Table.from_batches([file.get_batch(number)])
    if not some:
        yield file.schema.empty_table()


TEXT: dict[str, Callable[[io.BufferedIOBase, str, int], Iterator[pa.Table]]] = {
    ".csv": separated(),
    ".tsv": separated("\t"),
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
}
BINARY: dict[str, Callable[[io.BufferedIOBase, int], Iterator[pa.Table]]] = {
    ".parquet": _parquet,
    ".arrow": _arrow,
    ".feather": _arrow,
}
