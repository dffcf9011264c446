"""Tables of every kind read alike, streams equal wholes, and every refusal names its place."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError
from modicum.data import stream, write_table
from modicum.data.read import partitions

ROWS = {"key": ["a", "b", "c"], "text": ["one, two", 'say "hi"\nthere', "שלום 👍"], "label": ["x", None, "y"]}


def save(folder, ending):
    path = folder / f"t{ending}"
    table = pa.table(ROWS)
    if ending == ".parquet":
        pq.write_table(table, path)
    elif ending in (".arrow", ".feather"):
        pyarrow.feather.write_feather(table, path, compression="uncompressed")
    elif ending == ".json":
        path.write_text(json.dumps(table.to_pylist()), encoding="utf-8")
    elif ending.endswith(".gz"):
        write_table(folder / f"plain{ending[:-3]}", ROWS)
        path.write_bytes(gzip.compress((folder / f"plain{ending[:-3]}").read_bytes()))
    elif ending == ".tsv":
        path.write_text(pd.DataFrame(ROWS).to_csv(sep="\t", index=False), encoding="utf-8")
    else:
        write_table(path, ROWS)
    return path


@pytest.mark.parametrize(
    "ending", [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".arrow", ".feather", ".csv.gz", ".jsonl.gz"]
)
def test_every_kind_of_file_reads_alike(tmp_path, ending):
    table = modicum.read(save(tmp_path, ending), text="text", label="label", id="key")
    assert table.texts == tuple(ROWS["text"])
    assert table.labels == ("x", None, "y")
    assert table.ids == ("a", "b", "c")
    assert list(table.columns) == ["key", "text", "label"]


@pytest.mark.parametrize(
    "frame", [pd.DataFrame(ROWS), pl.DataFrame(ROWS), pa.table(ROWS), ROWS], ids=["pandas", "polars", "arrow", "dict"]
)
def test_every_kind_of_frame_reads_alike(frame):
    table = modicum.read(frame, text="text", label="label")
    assert table.texts == tuple(ROWS["text"])
    assert table.labels == ("x", None, "y")
    assert table.ids == ("0", "1", "2")


@pytest.mark.parametrize(
    "source",
    [
        pd.DataFrame({"text": ["a", "b"], "x": [1, "a"]}),
        pd.DataFrame([["a", "b"]], columns=["text", "text"]),
        {"text": ["a", "b"], "x": [np.datetime64("2026-01-01")] * 2},
        {"text": ["a", "b"], "x": [1, "a"]},
        {"text": ["a", "b"], "x": 3},
    ],
    ids=["mixed frame", "names twice", "days", "mixed dict", "no list"],
)
def test_columns_that_make_no_table_are_refused(source):
    with pytest.raises(InputError, match=r"^the columns do not make a table \(.*\); give lists of equal length and"):
        modicum.read(source, text="text")


def test_a_list_of_texts_is_a_table():
    assert modicum.read(["a", "b"]).texts == ("a", "b")


@pytest.mark.parametrize(
    "data", [b"text,label\nhello,a\n", b'{"text": "hello", "label": "a"}\n', b'[{"text": "hello", "label": "a"}]']
)
def test_standard_input_is_sniffed(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    table = modicum.read("-", label="label")
    assert (table.texts, table.labels) == (("hello",), ("a",))


def through_a_pipe(data):
    """Path of a pipe, as the shell hands out for <(command), that gives these bytes."""
    end, start = os.pipe()
    os.write(start, data)
    os.close(start)
    return end, f"/dev/fd/{end}"


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="the system has no folder of open files")
@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".arrow", ".csv.gz", ".jsonl.gz"])
def test_a_pipe_is_read_whatever_it_holds(tmp_path, ending):
    end, path = through_a_pipe(save(tmp_path, ending).read_bytes())
    table = modicum.read(path, text="text", label="label", id="key")
    os.close(end)
    assert table.texts == tuple(ROWS["text"])
    assert table.labels == ("x", None, "y")


def test_a_named_pipe_and_its_refusals(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"text,label\nhello,a\n",))
    writer.start()
    assert modicum.read(tmp_path / "pipe").texts == ("hello",)
    writer.join()
    end, path = through_a_pipe(b"")
    with pytest.raises(InputError, match=f"{path} is empty; a table needs a header and rows"):
        modicum.read(path)
    os.close(end)
    end, path = through_a_pipe(b"\x1f\x8bbroken")
    with pytest.raises(InputError, match="cannot be read"):
        modicum.read(path)
    os.close(end)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=12).filter(
    lambda s: s.strip() != ""
)


@given(st.lists(cells, min_size=1, max_size=9), st.integers(1, 4), st.sampled_from([".csv", ".jsonl", ".parquet"]))
def test_streams_equal_wholes_and_texts_survive(tmp_path_factory, texts, chunk, ending):
    path = tmp_path_factory.mktemp("t") / f"t{ending}"
    write_table(path, {"text": texts, "n": list(range(len(texts)))})
    whole, parts = modicum.read(path, text="text"), list(stream(path, text="text", chunk_rows=chunk))
    assert whole.texts == tuple(texts)
    assert sum((part.texts for part in parts), ()) == whole.texts
    assert sum((part.ids for part in parts), ()) == whole.ids


def test_labels_are_strings_without_blanks():
    table = modicum.read(
        {"text": list("abcdef"), "label": [1.0, 2.5, float("nan"), None, 3.0, 4.0]}, text="text", label="label"
    )
    assert table.labels == ("1", "2.5", None, None, "3", "4")
    table = modicum.read({"text": ["a", "b"], "label": [" x ", "  "]}, text="text", label="label")
    assert table.labels == ("x", None)


def test_byte_order_mark_is_skipped(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbftext,label\nhello,a\n")
    assert list(modicum.read(tmp_path / "t.csv").columns) == ["text", "label"]


@pytest.mark.parametrize("sign", [";", "\t", ","])
def test_a_csv_file_may_be_separated_as_spreadsheets_do(tmp_path, sign):
    header = ["key", "text", 'the "label", if any; or none']
    written = pd.DataFrame(ROWS).set_axis(header, axis=1).to_csv(sep=sign, index=False, quoting=csv.QUOTE_ALL)
    (tmp_path / "t.csv").write_text(f"\ufeff{written}", encoding="utf-8")
    table = modicum.read(tmp_path / "t.csv", text="text", label=header[2])
    assert list(table.columns) == header
    assert table.texts == tuple(ROWS["text"])
    assert table.labels == ("x", None, "y")


def test_a_single_column_may_hold_any_sign(tmp_path):
    (tmp_path / "t.csv").write_text("text\none; two\n", encoding="utf-8")
    assert modicum.read(tmp_path / "t.csv").texts == ("one; two",)


def test_times_are_seconds_and_groups_strings():
    table = modicum.read(
        {"text": ["a", "b", "c"], "when": ["1970-01-02", "1970-01-01T00:00:10", "5"], "who": [1, 1, 2]},
        text="text",
        time="when",
        group="who",
    )
    assert table.times.tolist() == [86400.0, 10.0, 5.0]
    assert table.groups == ("1", "1", "2")


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system has no variable of the time zone")
def test_moments_without_a_zone_are_of_utc_wherever_they_are_read(monkeypatch):
    rows = pa.table({"text": ["a", "b"], "when": pa.array([0, 86_400], pa.timestamp("s"))})
    monkeypatch.setenv("TZ", "America/New_York")
    try:
        time.tzset()
        times = modicum.read(rows, time="when").times
    finally:
        monkeypatch.undo()
        time.tzset()
    assert times.tolist() == [0.0, 86_400.0]


def test_columns_that_later_lines_leave_out_are_empty_there(tmp_path):
    lines = [{"id": "a", "text": "x", "label": "k"}, {"id": "b", "text": "y"}, {"text": "z", "id": "c", "more": 1}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, lines)))
    parts = list(stream(tmp_path / "t.jsonl", text="text", label="label", chunk_rows=1))
    assert [part.labels for part in parts] == [("k",), (None,), (None,)]
    cut = list(partitions(tmp_path / "t.jsonl", lambda number: 1, text="text", id="id"))
    assert [part.table().ids for part in cut] == [("a",), ("b",), ("c",)]


def test_an_id_column_that_is_not_unique_is_not_taken_for_ids():
    assert modicum.read({"id": ["a", "a"], "text": ["x", "y"]}, text="text").ids == ("0", "1")


def refusals(folder):
    def put(name, text):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / name

    yield folder / "absent.csv", {}, r"no file .*absent\.csv"
    yield folder / "notes.txt", {}, r"no file .*notes\.txt; there are: 'stdlib-docs'$"
    yield folder / "stdlib-doc", {}, "did you mean 'stdlib-docs'"
    yield put("a.xls", "x"), {}, r"not a known table; save it as one of \.csv"
    yield put("b.csv", ""), {}, "is empty"
    yield put("c.csv", "text,label\n"), {}, "has no rows; give a table that has some"
    yield put("d.csv", "text,label\na,b\nc\n"), {}, r"d\.csv, row 2: 1 cells \('c'\) where the header has 2"
    yield put("e.csv", b"text\nfine\nna\xefve\n"), {}, r"line 3: the text is not UTF-8.*iconv"
    yield put("e2.csv", "text\nfine\n".encode("utf-16")), {}, r"iconv -f utf-16 -t utf-8 .*e2\.csv > utf8\.csv"
    yield put("f.csv", "text,text\na,b\n"), {}, "'text' is there twice"
    yield put("g.jsonl", '{"text": "a"}\n{"text": \n'), {}, r"line 2: not JSON"
    yield put("h.jsonl", '["a"]\n'), {}, r"line 1: a row must be a JSON object"
    yield put("i.parquet", b"PAR1nonsense"), {}, r"i\.parquet cannot be read"
    yield put("j.csv", "text\na\n"), {"label": "lable"}, r"no column 'lable' \(--label\)"
    yield put("k.csv", "one,two\na,b\n"), {}, "say which column holds the texts with --text"
    yield put("l.csv", "id,text\n1,a\n1,b\n"), {"id": "id"}, "id '1' stands in row 1 and in row 2"
    yield put("m.csv", "id,text\n,a\n"), {"id": "id"}, "row 1: the id is empty"
    yield (
        put("n.csv", "text,when\na,tomorrow\n"),
        {"text": "text", "time": "when"},
        "row 1: column 'when' holds 'tomorrow'",
    )
    yield put("o.csv.gz", b"no gzip"), {}, "cannot be read"
    yield put("p.json", "{}"), {}, "must be a list of JSON objects"
    yield folder, {}, "is a folder"


def test_refusals_name_file_place_and_remedy(tmp_path):
    for path, options, message in refusals(tmp_path):
        with pytest.raises(InputError, match=message):
            modicum.read(path, **options)


def test_a_file_that_may_not_be_read_is_told_without_a_number(tmp_path, monkeypatch):
    def refused(self, *arguments):
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / "t.csv").write_text("text\na\n", encoding="utf-8")
    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError, match=r"t\.csv cannot be read \(Permission denied\); check"):
        modicum.read(tmp_path / "t.csv")


def test_things_that_are_no_table():
    for thing, message in (
        (42, "a int is not a table"),
        (["a", 1], "row 2: 1 is not a text"),
        ({"a": [1], "b": [1, 2]}, "equal length"),
    ):
        with pytest.raises(InputError, match=message):
            modicum.read(thing)
    with pytest.raises(InputError, match="row 1: column 'n' holds 5, not a text"):
        modicum.read({"n": [5]}, text="n")


def test_duplicate_ids_are_found_chunks_apart(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"id": f"r{n % 7}", "text": "x"}) + "\n" for n in range(8)), encoding="utf-8")
    with pytest.raises(InputError, match="id 'r0' stands in row 1 and in row 8"):
        list(stream(path, text="text", id="id", chunk_rows=2))


def test_a_megabyte_of_text_is_a_text(tmp_path):
    path = tmp_path / "t.csv"
    write_table(path, {"text": ["x" * 2_000_000, "short"]})
    assert [len(text) for text in modicum.read(path).texts] == [2_000_000, 5]
