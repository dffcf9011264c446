"""Tables of separated cells: blocks change nothing, rows are told by number, and a refusal ends in an orderly way."""

from __future__ import annotations

import csv
import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.read import separated as module
from modicum.data.read.separated import separated

CELLS = st.text(st.sampled_from('ab ",;\n\r\té'), max_size=6)


def rows_of(data, *, rows=3, delimiter=None):
    found = list(separated(delimiter)(io.BytesIO(data), "t.csv", rows))
    assert all(len(part) == rows for part in found[:-1])
    return [tuple(row.values()) for part in found for row in part.to_pylist()]


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=9), st.integers(1, 40))
def test_blocks_of_any_size_read_what_the_standard_library_wrote(rows, block):
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("text", "label"), *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", block)
        patch.setattr(module, "LONGEST", 1_000)
        found = rows_of(file.getvalue().encode())
    assert found == [tuple(cell or None for cell in row) for row in rows]


def test_a_quote_within_a_cell_is_a_letter_and_holds_nothing_up(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)
    data = b"text,label\n" + b'a 5" pipe,b\nplain,c\n' * 1
    many = data + b"row,d\n" * 200
    assert rows_of(many) == [('a 5" pipe', "b"), ("plain", "c"), *[("row", "d")] * 200]


def test_blocks_are_cut_even_where_a_quote_never_closes(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)
    stream = module.Utf8(io.BytesIO(b'5" pipe\n' + b"row\n" * 500), "t.csv")
    assert max(map(len, module._blocks(stream))) <= 16 * (module.LONGEST + 1)


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_a_ragged_row_is_told_by_its_number(monkeypatch, block):
    monkeypatch.setattr(module, "BLOCK", block)
    data = b"text,label\n" + b"a,b\n" * 7 + b"c,d,e\n" + b"f\n"
    with pytest.raises(InputError, match=r"t\.csv, row 8: 3 cells \('c,d,e'\) where the header has 2; quote cells"):
        rows_of(data)


def test_a_header_alone_has_no_rows_and_blank_lines_are_none():
    assert rows_of(b"text,label\n") == []
    assert rows_of(b"text,label\n\n \n\n") == []
    assert rows_of(b"text,label\na,b\n ") == [("a", "b")]
    assert rows_of(b"text,label\n\na,b\n\n") == [("a", "b")]


def test_the_delimiter_that_a_header_has_most_of():
    assert rows_of(b"text;label, if any;year\na;b;1\n") == [("a", "b", "1")]
    assert rows_of(b"text;label,year\na;b,1\n", delimiter="\t") == [("a;b,1",)]


def test_no_thread_still_reads_when_a_refusal_ends_the_process():
    """With a reader of its own, Arrow would call Python while it shuts down, and abort it now and then."""
    code = (
        "import io, sys, threading\n"
        "from modicum.data.read.separated import separated\n"
        "class Slow(io.BytesIO):\n"
        "    def read(self, size=-1):\n"
        "        callers.add(threading.get_ident())\n"
        "        return super().read(size)\n"
        "callers = set()\n"
        "next(separated()(Slow(b'text,label\\n' + b'a,b\\n' * 5_000_000), 't.csv', 5))\n"
        "sys.exit(2 if callers == {threading.get_ident()} else 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 2
