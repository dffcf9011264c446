"""Vectors under numbers are what was put last, are found as numpy finds them, and stay as they are for who reads."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.data.store import Place, keep_table, numbered_vectors

lancedb = pytest.importorskip("lancedb", reason="the extra `store` is not installed")
module = pytest.importorskip("modicum.data.store.numbered")
WIDTH = 16


def directions(rows, seed=0):
    return normalize_rows(np.random.default_rng(seed).normal(size=(rows, WIDTH)).astype(np.float32))


@pytest.fixture
def place(tmp_path):
    return Place(str(tmp_path / "vectors"), "one")


@pytest.fixture
def table(place):
    return numbered_vectors(place, WIDTH)


def test_what_was_put_last_is_taken(table):
    numbers, X = np.arange(300) * 3 + 1, directions(300)
    table.put(numbers[:200], directions(200, 1))
    table.put(numbers[100:][::-1], X[100:][::-1])
    table.put(numbers[:100], X[:100])
    table.put(numbers[:0], X[:0])
    assert (len(table), table.dimension) == (300, WIDTH)
    mixed = np.array([898, 1, 4, 1, 0, 10**12])
    np.testing.assert_array_equal(table.take(mixed)[:4], X[[299, 0, 1, 0]])
    assert not table.take(mixed)[4:].any()
    assert table.take(numbers[:0]).shape == (0, WIDTH)
    table.remove(np.array([1, 2, 898]))
    assert len(table) == 298
    assert not table.take(np.array([1, 898])).any()
    np.testing.assert_array_equal(table.take(numbers[1:-1]), X[1:-1])


def test_nearest_are_those_of_numpy(table):
    numbers, X = np.arange(300)[::-1].copy(), directions(300)
    table.put(numbers, X)
    query = directions(1, 7)[0]
    found, products = table.nearest(query, 20)
    expected = np.argsort(-(X @ query), kind="stable")[:20]
    assert found.tolist() == numbers[expected].tolist()
    np.testing.assert_allclose(products, (X @ query)[expected], atol=1e-6)
    among = numbers[::7]
    found, _ = table.nearest(query, 10, among)
    assert found.tolist() == among[np.argsort(-(X[::7] @ query))[:10]].tolist()
    assert len(table.nearest(query, 1_000)[0]) == 300
    for nothing in (table.nearest(query, 0), table.nearest(query, 5, among[:0])):
        assert len(nothing[0]) == len(nothing[1]) == 0


def test_who_reads_stays_at_a_version(place, table):
    table.put(np.arange(10), directions(10))
    reader = numbered_vectors(place, WIDTH)
    table.put(np.arange(5, 20), directions(15, 1))
    table.remove(np.array([0]))
    assert (len(reader), len(table)) == (10, 19)
    np.testing.assert_array_equal(reader.take(np.arange(10)), directions(10))
    assert len(reader.nearest(directions(1)[0], 50)[0]) == 10
    assert len(numbered_vectors(place, WIDTH)) == 19


def test_of_many_an_index_is_asked(table, monkeypatch):
    monkeypatch.setattr(module, "EXACT", 300)
    X = directions(1_200)
    table.put(np.arange(600), X[:600])
    table.settle()
    assert table.table.index_stats("vector").num_indexed_rows == 600
    table.put(np.arange(600, 1_200), X[600:])
    table.settle()
    assert table.table.index_stats("vector").num_unindexed_rows == 0
    assert [int(table.nearest(x, 3)[0][0]) for x in X[::100]] == list(range(0, 1_200, 100))
    np.testing.assert_array_equal(table.take(np.arange(1_200)), X)


def test_small_files_are_joined(table, monkeypatch):
    monkeypatch.setattr(module, "FRAGMENTS", 4)
    X = directions(40)
    for number in range(40):
        table.put(np.array([number]), X[[number]])
        table.settle()
    assert table.table.stats()["fragment_stats"]["num_fragments"] <= 4
    np.testing.assert_array_equal(table.take(np.arange(40)), X)


def test_one_table_is_kept_or_made_anew(place, table, tmp_path):
    table.put(np.arange(3), directions(3))
    other = Place(place.folder, "two")
    numbered_vectors(other, WIDTH).put(np.arange(4), directions(4))
    keep_table(other)
    assert module.names_in(lancedb.connect(place.folder)) == ["two"]
    assert len(numbered_vectors(other, WIDTH)) == 4
    assert len(numbered_vectors(other, WIDTH, empty=True)) == 0


def test_what_is_wrong_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used"):
        numbered_vectors(Place(str(tmp_path / "file"), "one"), WIDTH)


def test_damage_is_told_when_vectors_are_counted(place, table, monkeypatch):
    class Broken:
        def count_rows(self):
            raise RuntimeError("lance error: failed to fill whole buffer")

    monkeypatch.setattr(table, "table", Broken())
    with pytest.raises(InputError, match=r"cannot be used .*failed to fill whole buffer"):
        len(table)
