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


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_that_come_on_the_way_are_refused(tmp_path, ending):
    told = r"the columns change on the way, from 'id' to 'id,extra', for which .* have no place; write \.jsonl"
    with pytest.raises(InputError, match=rf"t\.{ending}: {told}"):
        write_stream([{"id": ["a"]}, {"id": ["b"], "extra": [1]}], tmp_path / f"t.{ending}")
    assert not list(tmp_path.iterdir())


def test_columns_that_come_on_the_way_are_refused_in_a_pipe_and_taken_by_jsonl(tmp_path):
    chunks, buffer = [{"id": ["a"]}, {"id": ["b"], "extra": [1]}], io.StringIO()
    with pytest.raises(InputError, match=r"^standard output: the columns change on the way"):
        write_stream(chunks, buffer)
    assert buffer.getvalue() == "id\na\n"
    assert write_stream(chunks, tmp_path / "t.jsonl") == 2


@pytest.mark.parametrize("chunks", [[{"n": [1]}, {"n": ["many"]}], [{"n": [1, "many"]}]])
def test_kinds_that_parquet_has_no_place_for_are_refused(tmp_path, chunks):
    with pytest.raises(InputError, match=r"t\.parquet: the kinds of a column change on the way \(.*; write \.jsonl"):
        write_stream(chunks, tmp_path / "t.parquet")


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
