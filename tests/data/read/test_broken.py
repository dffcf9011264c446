"""Whatever a file's bytes are, they are read or refused in a sentence: files are cut, glued and written by others."""

from __future__ import annotations

import contextlib
import gzip
import io
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError
from modicum.core.json_files import parse_json
from modicum.data.read.classes import read_classes
from modicum.data.read.feeds import read_entries
from modicum.encoders import read_vectors
from modicum.workspace.loop.foreign import read_foreign

ROWS = [{"text": "my card", "label": "lost", "id": 1}, {"text": "caf\xe9", "label": None, "id": 2}] * 2
CLASSES = '[{"name": "lost", "description": "gone"}, {"name": "new"}]'
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>q</title><entry><title>On rows</title>
<id>http://arxiv.org/abs/2305.00001v1</id><summary>We study.</summary><published>2023-05-01</published><author><name>Ada
</name></author><link href="http://a.b/c"/></entry></feed>"""
RSS = """<rss version="2.0"><channel><title>t</title><item><title>On rows</title><link>http://a.b/c</link><author>Ada, B
</author><description>&lt;p&gt;We study.&lt;/p&gt;</description><pubDate>Mon, 01 May 2023</pubDate></item></channel>
</rss>"""
BIB = "@article{k, title={On {rows}}, author={Byron, Ada and B. C}, year=2023, month=may, doi={10.1162/AB.1}}\n"
RIS = "TY  - JOUR\nTI  - On rows\nAU  - Byron, Ada\nPY  - 2023/05/01\nER  - \n"


def lines(rows):
    return "\n".join(map(json.dumps, rows)).encode()


def columns(kind, table=None):
    """Rows as a file of Arrow's kinds."""
    table = pa.Table.from_pylist(ROWS) if table is None else table
    out = io.BytesIO()
    if kind == "parquet":
        pq.write_table(table, out)
    else:
        with pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    return out.getvalue()


def numbers():
    out = io.BytesIO()
    np.save(out, np.arange(8.0).reshape(4, 2))
    return out.getvalue()


def table(file):
    return modicum.read(file, text="text", label="label")


def papers(file):
    return [entry for run in read_entries(file) for entry in run]


CSV = b'text,label,id\n"my, card",lost,1\ncaf\xc3\xa9,,2\n'
WHOLE = {
    "a.csv": (CSV, table),
    "a.tsv": (CSV.replace(b",", b"\t"), table),
    "a.csv.gz": (gzip.compress(CSV, mtime=0), table),
    "a.jsonl": (lines(ROWS), table),
    "a.json": (json.dumps(ROWS).encode(), table),
    "a.parquet": (columns("parquet"), table),
    "a.arrow": (columns("arrow"), table),
    "classes.json": (CLASSES.encode(), read_classes),
    "classes.yaml": (b"- name: lost\n  description: gone\n- new\n", read_classes),
    "classes.csv": (b"name,description\nlost,gone\nnew,\n", read_classes),
    "labels.json": (json.dumps(ROWS).encode(), read_foreign),
    "labels.jsonl": (lines(ROWS), read_foreign),
    "vectors.npy": (numbers(), lambda file: read_vectors(file, 4)),
    "papers.csv": (CSV.replace(b"text", b"title"), papers),
    "papers.json": (json.dumps(ROWS).replace("text", "title").encode(), papers),
    "papers.bib": (BIB.encode(), papers),
    "papers.ris": (RIS.encode(), papers),
    "atom.xml": (ATOM.encode(), papers),
    "rss.xml": (RSS.encode(), papers),
}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["put", "cut", "copy", "end"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=6,
)


def edited(data, edits):
    for kind, share, said in edits:
        at = int(share * len(data))
        if kind == "end":
            data = data[:at]
        elif kind == "cut":
            data = data[:at] + data[at + said[0] % 32 :]
        else:
            data = data[:at] + (said if kind == "put" else data[: said[0]]) + data[at:]
    return data


@pytest.fixture(params=WHOLE, scope="module")
def kind(request):
    if request.param.startswith(("papers.", "atom", "rss")):
        pytest.importorskip({"papers.bib": "bibtexparser", "papers.ris": "rispy"}.get(request.param, "feedparser"))
    return request.param


@given(edits=EDITS)
def test_files_of_any_bytes_are_read_or_refused(kind, tmp_path_factory, edits):
    data, use = WHOLE[kind]
    file = tmp_path_factory.getbasetemp() / kind
    file.write_bytes(edited(data, edits))
    with contextlib.suppress(InputError):
        use(file)


def test_the_whole_ones_are_read(kind, tmp_path):
    data, use = WHOLE[kind]
    file = tmp_path / kind
    file.write_bytes(data)
    assert use(file) is not None


DEEP = '{"text": ' + "[" * 100_000 + "]" * 100_000 + "}"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", DEEP, r"a\.jsonl, line 1: not JSON \(it is nested too deeply\)"),
        ("a.json", f"[{DEEP}]", r"a\.json is not JSON \(it is nested too deeply\)"),
        (
            "a.parquet",
            columns("parquet", pa.table([["a"], ["b"]], ["text", "text"])),
            "the column 'text' is there twice",
        ),
        ("a.arrow", columns("arrow", pa.table([["a"], ["b"]], ["text", "text"])), "the column 'text' is there twice"),
        ("a.arrow", columns("arrow").replace(b"label", b"la\xffel"), r"a\.arrow cannot be read"),
        ("a.arrow", columns("arrow").replace(b"my card", b"my \xffard"), r"a\.arrow cannot be read"),
    ],
)
def test_what_is_refused(name, content, said, tmp_path):
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=said):
        table(file)


def test_a_table_of_arrow_with_a_column_twice_is_refused():
    with pytest.raises(InputError, match="the table: the column 'text' is there twice; rename one of them"):
        modicum.read(pa.table([["a"], ["b"]], ["text", "text"]))


def test_class_files_nested_too_deeply_are_refused(tmp_path):
    for name in ("a.json", "a.yaml"):
        (tmp_path / name).write_text("[" * 10_000 + "]" * 10_000)
        with pytest.raises(InputError, match="cannot be read"):
            read_classes(tmp_path / name)


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_halves_of_characters_become_a_sign(ending, tmp_path):
    rows = [{"text": "cut \ud83d", "lab\udc00el": "\ud800"}, {"text": "whole \U0001f600", "lab\udc00el": "x"}]
    file = tmp_path / f"a.{ending}"
    file.write_bytes(lines(rows) if ending == "jsonl" else json.dumps(rows).encode())
    found = modicum.read(file, text="text", label="lab\ufffdel")
    assert found.texts == ("cut \ufffd", "whole \U0001f600")
    assert found.labels == ("\ufffd", "x")


@given(st.recursive(st.none() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some)))
def test_json_of_whole_characters_is_what_it_says(value):
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value


def test_numbers_that_no_column_holds_are_texts(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_bytes(lines([{"id": 10**30, "text": "a"}, {"id": 7, "text": "b"}, {"id": None, "text": "c"}]))
    found = modicum.read(file, text="text")
    assert found.columns["id"] == [str(10**30), "7", None]


def test_a_column_of_lists_is_no_plain_id(tmp_path):
    file = tmp_path / "a.parquet"
    file.write_bytes(columns("parquet", pa.table({"id": [["a"], ["b"]], "text": ["one", "two"]})))
    assert modicum.read(file, text="text").texts == ("one", "two")


def test_an_author_without_a_name_is_left_out(tmp_path):
    pytest.importorskip("feedparser")
    (tmp_path / "a.xml").write_text(ATOM.replace("<name>Ada\n</name>", "<uri>http://a.b</uri>"))
    assert papers(tmp_path / "a.xml")[0].authors == ()


def test_a_date_that_is_none_is_left_out(tmp_path):
    pytest.importorskip("feedparser")
    (tmp_path / "a.xml").write_text(ATOM.replace("2023-05-01", "soon"))
    assert papers(tmp_path / "a.xml")[0].date is None


def test_a_feed_that_breaks_the_library_is_refused(tmp_path):
    pytest.importorskip("feedparser")
    (tmp_path / "a.xml").write_text(
        '<rss version="2.0"><channel><item><link>x:/title>a</title><item/b/1</link></item></channel></rss>'
    )
    with pytest.raises(InputError, match="is a feed so broken that it cannot be read; try again, or save it whole"):
        papers(tmp_path / "a.xml")


@pytest.mark.parametrize("column", [pd.Series, pl.Series, np.array, tuple])
def test_a_column_of_texts_is_a_table_of_them(column):
    assert modicum.read(column(["one", "two"])).texts == ("one", "two")


def test_a_frame_that_is_yet_to_be_computed_is():
    found = modicum.read(pl.DataFrame({"text": ["one", "two"], "label": ["a", None]}).lazy(), label="label")
    assert (found.texts, found.labels) == (("one", "two"), ("a", None))


def test_halves_of_characters_in_columns_become_a_sign():
    found = modicum.read({"text": ["cut \ud83d", "b"], "label": ["x\udc00", None]}, text="text", label="label")
    assert (found.texts, found.labels) == (("cut \ufffd", "b"), ("x\ufffd", None))
    assert modicum.read(["cut \ud83d"]).texts == ("cut \ufffd",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pd.Series(["one", None]), "row 2: .* is not a text; a list must hold texts only"),
        (pd.DataFrame({"text": ["a"], "n": [10**30]}), "the columns do not make a table .*too large"),
        ({"text\ud800": ["a"]}, "the columns do not make a table"),
        (np.zeros((2, 2)), "a ndarray is not a table; give a file, a frame, a dict of columns or a list"),
    ],
)
def test_what_is_no_table_is_told(given, said):
    with pytest.raises(InputError, match=said) as told:
        modicum.read(given)
    assert str(told.value).encode()
