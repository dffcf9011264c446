"""Rows into a store: what is encoded, what is known again, what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import modicum
from modicum.core.errors import InputError
from modicum.data.store import Place, find_store, open_store
from modicum.workspace.store import Columns, add_rows, store_facts, store_versions
from tests.workspace.store.adder import Fake, vectors

pytest.importorskip("lancedb", reason="the extra `store` is not installed")


@pytest.fixture
def store(tmp_path):
    return f"lance://{tmp_path}/store"


@pytest.fixture
def write(tmp_path):
    def call(*lines, name="table.csv"):
        file = tmp_path / name
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(file)

    return call


def test_only_new_rows_and_changed_texts_are_encoded(store, write):
    encoder = Fake()
    first = add_rows(store, write("id,text,topic", "a,one,x", "b,two,"), Columns(label="topic"), encoder=encoder)
    assert (first.new, first.encoded, encoder.seen) == (2, 2, ["one", "two"])
    again = add_rows(store, write("id,text,topic", "a,one,", "b,zwei,y", "c,three,"), encoder=encoder)
    assert (again.new, again.changed_texts, again.changed_labels, again.encoded) == (1, 1, 1, 2)
    assert sorted(encoder.seen) == ["one", "three", "two", "zwei"]
    table = modicum.read(store)
    assert table.ids == ("a", "b", "c")
    assert table.texts == ("one", "zwei", "three")
    assert table.labels == ("x", "y", None), "an empty label takes none away"
    np.testing.assert_array_equal(table.stored.read(), vectors(table.texts))
    whats = [one["what"] for one in store_versions(store)]
    assert whats == ["made", "rows added: 2", "rows added: 1", "texts changed: 1", "labels changed: 1"]


def test_a_changed_text_leaves_the_other_columns_of_its_row(store, write):
    encoder = Fake()
    add_rows(
        store,
        write("id,text,topic,lang,year", "a,one,x,en,2001", "b,two,y,de,2002"),
        Columns(label="topic"),
        encoder=encoder,
    )
    add_rows(store, write("id,text", "a,uno"), encoder=encoder)
    add_rows(store, write("id,text,lang", "b,zwei,FR"), encoder=encoder)
    table = modicum.read(store)
    assert table.texts == ("uno", "zwei")
    assert table.labels == ("x", "y")
    assert (list(table.columns["lang"]), list(table.columns["year"])) == (["en", "de"], ["2001", "2002"])


def test_without_ids_a_row_is_known_by_its_text(store, write):
    table = write("text,topic", "one,x", "two,", "one,y")
    assert add_rows(store, table, encoder=Fake()).new == 3
    assert add_rows(store, table, encoder=Fake()).new == 0
    more = add_rows(store, write("text,topic", "three,", "two,x"), encoder=Fake())
    assert (more.new, more.changed_labels) == (1, 0), "no label was named when the store was made"
    ids = modicum.read(store).ids
    assert len(set(ids)) == 4
    assert ids[2] == f"{ids[0]}-2"


def test_large_batches_make_few_files(store, write, monkeypatch):
    monkeypatch.setattr("modicum.workspace.store.adding.ROWS", 10)
    monkeypatch.setattr("modicum.data.store.lance.FRAGMENTS", 4)
    add_rows(store, write("id,text", *(f"{n},text {n}" for n in range(100))), encoder=Fake())
    assert store_facts(store)["small_files"] < 4
    assert modicum.read(store).ids == tuple(map(str, range(100)))


def test_several_labels_a_row(store, write):
    table = write("text,tags", "one,b|a", "two,|", "three,")
    add_rows(store, table, Columns(label="tags", separator="|"), encoder=Fake())
    found = modicum.read(store)
    assert (found.labels, found.separator) == (("a|b", "", None), "|")
    assert add_rows(store, table, encoder=Fake()).changed_labels == 0


def test_columns_of_every_kind_are_kept(store, write):
    rows = [{"text": f"t{n}", "n": n, "share": n / 2, "tags": ["a"] * n, "none": None} for n in range(3)]
    add_rows(store, write(*map(json.dumps, rows), name="rows.jsonl"), encoder=Fake())
    table = modicum.read(store)
    for name in ("n", "share", "tags", "none"):
        assert list(table.columns[name]) == [row[name] for row in rows]
    add_rows(store, write('{"text": "t9"}', name="rows.jsonl"), encoder=Fake())
    assert list(modicum.read(store).columns["n"]) == [0, 1, 2, None]


def test_several_tables_in_one_store(store, write):
    add_rows(f"{store}?table=a", write("id,text", "1,one"), encoder=Fake())
    add_rows(f"{store}?table=b", write("id,text", "2,two"), encoder=Fake(fingerprint="e" * 32))
    assert modicum.read(f"{store}?table=b").texts == ("two",)
    assert find_store(Place.parse(store)) is None
    assert open_store(f"{store}?table=a").layout.fingerprint == "f" * 32


def test_refusals(store, write):
    first = write("id,text,topic", "a,one,x")
    add_rows(store, first, Columns(label="topic"), encoder=Fake())

    def refused(table, target=store, encoder=None, **columns):
        with pytest.raises(InputError) as error:
            add_rows(target, table, Columns(**columns), encoder=encoder or Fake())
        return str(error.value)

    other = Fake(name="other", fingerprint="e" * 32)
    assert "are of encoder fake ffffffffffff, not of other eeeeeeeeeeee" in refused(first, encoder=other)
    assert "hashed encoder learns from the rows" in refused(first, f"{store}2", "hashed")
    assert "has a column 'topics' that" in refused(write("id,text,topics", "b,two,x"))
    assert "has no column 'id', by which" in refused(write("text", "two"))
    assert "is of another" not in refused(write("id,text,row_number", "b,two,x"))
    assert "names a version, which stays as it is" in refused(first, f"{store}?version=2")
    assert "which a store needs for itself; rename it" in refused(write("text,vector", "a,b"), f"{store}3")
    jsonl = write('{"id": "q", "text": "x", "topic": "y"}', name="rows.jsonl")
    assert "there is no file" in refused("none.csv")
    assert add_rows(store, jsonl, encoder=Fake()).new == 1


def test_a_column_that_changes_its_kind(store, write):
    add_rows(store, write('{"id": "a", "text": "x", "n": 1}', name="a.jsonl"), encoder=Fake())
    with pytest.raises(InputError, match="column 'n' does not hold what it holds in the store, int64"):
        add_rows(store, write('{"id": "b", "text": "y", "n": "many"}', name="b.jsonl"), encoder=Fake())
    assert len(modicum.read(store)) == 1
