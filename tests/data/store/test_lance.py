"""A table of LanceDB: order, versions, files, index."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from modicum.core.errors import InputError
from modicum.core.protocols import StoredVectors
from modicum.data.read import read, stream
from modicum.data.store import ROW, VECTOR, Layout, Place, create_store, open_store

lancedb = pytest.importorskip("lancedb", reason="the extra `store` is not installed")
WIDTH = 16
LAYOUT = Layout("text", "label", "id", True, "fake", "f" * 16, WIDTH)


def points(start, count, seed=0):
    """Rows around 20 centres, one row the same whatever else is made."""
    centres = np.random.default_rng(seed).normal(size=(20, WIDTH))
    rows = [centres[n % 20] + 0.3 * np.random.default_rng(n).normal(size=WIDTH) for n in range(start, start + count)]
    return np.array(rows, dtype=np.float32).reshape(count, WIDTH)


def rows(start, count):
    numbers = range(start, start + count)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(points(start, count).ravel()), WIDTH)
    return pa.table(
        {
            "id": [f"r{n}" for n in numbers],
            "text": [f"text {n}" for n in numbers],
            "label": pa.array([None] * count, pa.string()),
            ROW: pa.array(numbers, pa.int64()),
            VECTOR: vectors,
        }
    )


@pytest.fixture
def place(tmp_path):
    return Place(str(tmp_path / "store"))


@pytest.fixture
def store(place):
    made = create_store(place, LAYOUT, {"id": pa.string(), "text": pa.string()})
    for start in range(0, 100, 25):
        made.append(rows(start, 25), "rows added: 25")
    return made


def label(store, names, value="x"):
    store.change(pa.table({"id": names, "label": [value] * len(names)}), f"labels changed: {len(names)}")


def test_rows_keep_their_order_when_labels_change(store, place):
    label(store, ["r3", "r60"])
    assert (store.filled("label"), store.filled("id")) == (2, 100)
    again = open_store(place)
    parts = list(again.batches(30))
    assert [part.num_rows for part in parts] == [30, 30, 30, 10]
    assert [name for part in parts for name in part["id"].to_pylist()] == [f"r{n}" for n in range(100)]
    labels = [one for part in parts for one in part["label"].to_pylist()]
    assert [row for row, one in enumerate(labels) if one] == [3, 60]
    assert parts[0].column_names == ["id", "text", "label"]


def test_vectors_stand_by_their_rows(store, place):
    label(store, ["r3", "r60"])
    vectors = open_store(place).vectors()
    assert isinstance(vectors, StoredVectors)
    np.testing.assert_array_equal(vectors.read(), points(0, 100))
    np.testing.assert_array_equal(vectors.take(np.array([60, 3, 60, 99])), points(0, 100)[[60, 3, 60, 99]])
    np.testing.assert_array_equal(open_store(place).vectors(range(50, 70)).read(), points(50, 20))


def test_a_version_can_be_looked_at_and_restored(store, place):
    before = store.version
    label(store, ["r1"], "a")
    label(store, ["r1"], "b")
    assert [one.what for one in store.versions()][-2:] == ["labels changed: 1"] * 2
    source = str(place)
    assert [read(f"{source}?version={n}").labels[1] for n in (before, before + 1, before + 2)] == [None, "a", "b"]
    store.restore(before + 1)
    assert read(source).labels[1] == "a"
    assert read(f"{source}?version={before + 2}").labels[1] == "b", "what came later is kept"
    assert store.versions()[-1].what == f"version {before + 1} restored"
    with pytest.raises(InputError, match=f"has no version 99; there are 1 to {before + 3}"):
        store.restore(99)


def test_small_files_are_joined_and_all_versions_stay(store, place, monkeypatch):
    monkeypatch.setattr("modicum.data.store.lance.FRAGMENTS", 6)
    most = 0
    for start in range(100, 400, 10):
        store.append(rows(start, 10), "rows added: 10")
        store.join_small_files()
        most = max(most, store.fragments)
    assert most < 6
    assert read(str(place)).ids == tuple(f"r{n}" for n in range(400))
    numbers = [one.number for one in store.versions()]
    assert numbers == list(range(1, store.version + 1)), "LanceDB forgets after a week unless it is told not to"
    assert len(read(f"{place}?version=3")) == 50


def test_versions_are_forgotten_where_that_is_asked_for(store, place):
    store.compact(timedelta(microseconds=1000))
    assert len(store.versions()) < 5
    assert len(read(str(place))) == 100


def test_streams_come_with_their_vectors(store, place):
    parts = list(stream(str(place), chunk_rows=40))
    assert [len(part) for part in parts] == [40, 40, 20]
    np.testing.assert_array_equal(np.concatenate([part.stored.read() for part in parts]), points(0, 100))


class TestIndex:
    @pytest.fixture
    def large(self, store, monkeypatch):
        monkeypatch.setattr("modicum.data.store.lance.EXACT", 400)
        store.append(rows(100, 1500), "rows added: 1,500")
        return store

    def found(self, store, query, count=10):
        return store.vectors().nearest(query, count)

    def test_at_size_nothing_is_searched_without_an_index(self, large, place):
        with pytest.raises(InputError, match=r"1,600 rows .* are in no index, .* --compact"):
            _ = large.vectors().indexed
        large.index()
        assert large.unindexed == 0
        assert open_store(place).vectors().indexed

    def test_it_finds_what_exact_search_finds(self, large):
        large.index()
        X = points(0, 1600)
        unit = X / np.linalg.norm(X, axis=1, keepdims=True)
        hits = 0
        for row in range(0, 1600, 80):
            told, cosines = self.found(large, unit[row])
            true = unit @ unit[row]
            hits += len(set(told) & set(np.argsort(-true)[:10]))
            np.testing.assert_allclose(cosines, true[told], atol=1e-5)
        assert hits >= 0.9 * 200

    def test_rows_that_came_later_are_found_too(self, large):
        large.index()
        large.append(rows(1600, 20), "rows added: 20")
        assert large.unindexed == 20
        assert self.found(large, points(1610, 1)[0])[0][0] == 1610
        large.append(rows(1620, 100), "rows added: 100")
        large.index()
        assert large.unindexed == 0
        assert self.found(large, points(1700, 1)[0])[0][0] == 1700

    def test_joining_files_leaves_the_index_right(self, large):
        large.index()
        label(large, [f"r{n}" for n in range(0, 1600, 7)])
        large.compact()
        assert self.found(large, points(707, 1)[0])[0][0] == 707
        np.testing.assert_array_equal(large.vectors().read(), points(0, 1600))

    def test_few_rows_are_compared_one_by_one(self, store):
        store.index()
        assert not store.vectors().indexed
        assert store.unindexed == 100


def test_a_table_of_another_program_is_read_as_a_table(tmp_path):
    made = pa.table(
        {"text": ["a", "b"], "topic": ["x", None], "v": pa.array([[1.0, 2], [3, 4]], pa.list_(pa.float32(), 2))}
    )
    lancedb.connect(str(tmp_path / "other")).create_table("mine", made)
    table = read(f"lance://{tmp_path}/other", label="topic")
    assert (table.texts, table.labels, table.stored) == (("a", "b"), ("x", None), None)
    assert list(table.columns) == ["text", "topic"]


def test_refusals(store, tmp_path):
    def refused(source):
        with pytest.raises(InputError) as error:
            read(source)
        return str(error.value)

    assert "there is no store" in refused(f"lance://{tmp_path}/none")
    assert "has no table 'row'; did you mean 'rows'" in refused(f"lance://{tmp_path}/store?table=row")
    assert "is a table, not a store; write lance://" in refused(f"lance://{tmp_path}/store/rows.lance")
    assert "there are 1 to 5" in refused(f"lance://{tmp_path}/store?version=6")
    database = lancedb.connect(str(tmp_path / "two"))
    for name in ("a", "b"):
        database.create_table(name, pa.table({"text": ["x"]}))
    assert "holds 2 tables: a, b; say which with ?table=a" in refused(f"lance://{tmp_path}/two")


def test_a_damaged_store_is_told_of(store, place, tmp_path):
    for file in (tmp_path / "store" / "rows.lance" / "data").iterdir():
        file.write_bytes(b"")
    with pytest.raises(InputError, match="cannot be used"):
        list(open_store(place).batches(10))


@pytest.mark.parametrize(
    "ask", [len, lambda opened: opened.version, lambda opened: opened.fragments, lambda opened: opened.filled("id")]
)
def test_what_lancedb_says_of_damage_is_told_whatever_is_asked(store, place, ask, monkeypatch):
    class RustPanic(Exception):
        """As LanceDB's own, which cannot be imported."""

    class Broken:
        def __init__(self, error):
            self.error = error

        def __getattr__(self, name):
            raise self.error

    opened = open_store(place)
    for error in (RuntimeError("lance error: failed to fill whole buffer"), RustPanic("rust future panicked")):
        monkeypatch.setattr(opened, "table", Broken(error))
        with pytest.raises(InputError, match=rf"cannot be used \({error}\); see its states with"):
            ask(opened)
    monkeypatch.setattr(opened, "table", Broken(KeyError("a defect")))
    with pytest.raises(KeyError):
        ask(opened)
