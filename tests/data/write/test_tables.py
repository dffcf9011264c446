"""Writers: three formats, lists, chunks, and nothing half-written."""

from __future__ import annotations

import io
import json

import pyarrow.parquet as pq
import pytest

from modicum.core import InputError
from modicum.data import write_stream, write_table

CHUNKS = [{"id": ["a"], "set": [["x", "y"]], "ok": [True]}, {"id": ["b"], "set": [["z"]], "ok": [False]}]


def test_formats(tmp_path):
    for ending in ("csv", "jsonl", "parquet"):
        assert write_stream(CHUNKS, tmp_path / f"t.{ending}") == 2
    assert (tmp_path / "t.csv").read_text() == "id,set,ok\na,x|y,true\nb,z,false\n"
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert lines == [{"id": "a", "set": ["x", "y"], "ok": True}, {"id": "b", "set": ["z"], "ok": False}]
    assert pq.read_table(tmp_path / "t.parquet").to_pylist() == lines


def test_an_open_stream_takes_csv():
    buffer = io.StringIO()
    assert write_stream(CHUNKS, buffer) == 2
    assert buffer.getvalue().splitlines()[0] == "id,set,ok"


def test_the_header_is_there_once_though_the_first_chunk_has_no_rows():
    buffer = io.StringIO()
    assert write_stream([{"id": []}, {"id": []}, {"id": ["a"]}], buffer) == 1
    assert buffer.getvalue() == "id\na\n"


def test_a_failure_in_the_middle_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, {"id": ["old"]})

    def broken():
        yield {"id": ["new"]}
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_stream(broken(), path)
    assert path.read_text() == "id\nold\n"
    assert [p.name for p in tmp_path.iterdir()] == ["t.csv"]


def test_errors(tmp_path):
    with pytest.raises(InputError, match=r"is written as \.csv, \.jsonl, \.parquet"):
        write_table(tmp_path / "t.xls", {"a": [1]})
    with pytest.raises(InputError, match="cannot be written"):
        write_table(tmp_path / "no" / "t.csv", {"a": [1]})
