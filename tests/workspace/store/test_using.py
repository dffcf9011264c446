"""Verbs on a store: its vectors are taken as they are, its index is searched, its labels are kept."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core.errors import InputError
from modicum.encoders import encode_table, encoder_for
from modicum.workspace.loop import Reply, open_session
from modicum.workspace.search import Query, SearchSettings, open_search
from modicum.workspace.store import Columns, add_rows, compact_store, keep_labels, restore_version, store_versions
from tests.workspace.store.adder import Fake, vectors

pytest.importorskip("lancedb", reason="the extra `store` is not installed")
WORDS = ("rain", "storm", "soup", "bread", "goal", "match")
ROWS = 1_200


@pytest.fixture
def store(tmp_path):
    """A store of 1,200 rows, 60 of them labelled."""
    file = tmp_path / "rows.csv"
    lines = [f"r{n},{WORDS[n % 6]} number {n},{WORDS[n % 6] if n < 60 else ''}" for n in range(ROWS)]
    file.write_text("\n".join(["id,text,topic", *lines]) + "\n", encoding="utf-8")
    source = f"lance://{tmp_path}/store"
    add_rows(source, str(file), Columns(label="topic"), encoder=Fake())
    return source


def test_stored_vectors_are_not_made_again(store):
    encoder, table = Fake(), modicum.read(store)
    X = encode_table(table, encoder)
    assert encoder.seen == []
    np.testing.assert_array_equal(X, vectors(table.texts))


def test_another_encoder_makes_its_own_and_that_is_said(store):
    table, other = modicum.read(store), Fake(name="other", fingerprint="e" * 32)
    with pytest.warns(UserWarning, match=r"are of encoder fake ffffffffffff; rows are encoded again by other"):
        encode_table(table, other)
    assert len(other.seen) == ROWS


def test_the_encoder_of_a_store_is_the_default(store):
    with pytest.raises(InputError, match="encoder 'fake'"):  # there is none of that name to be found
        encoder_for(modicum.read(store))


class TestSearch:
    settings = SearchSettings(mode="dense")

    def ids(self, store, **more):
        table = modicum.read(store)
        found = open_search(table, encoder=Fake(), settings=self.settings, **more).find(Query(like=("r3",)), 10)
        return [table.ids[row] for row in found.rows]

    def exact(self, rows=range(ROWS)):
        X = vectors([f"{WORDS[n % 6]} number {n}" for n in range(ROWS)])
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        order = [n for n in np.argsort(-(X @ X[3])) if n != 3 and n in rows]
        return [f"r{n}" for n in order[:10]]

    def test_few_rows_exactly(self, store):
        assert self.ids(store) == self.exact()

    def test_many_rows_by_the_index(self, store, monkeypatch):
        monkeypatch.setattr("modicum.data.store.lance.EXACT", 400)
        monkeypatch.setattr("modicum.workspace.search.lists.FOUND", 200)
        with pytest.raises(InputError, match="build it with: modicum store"):
            self.ids(store)
        compact_store(store)
        monkeypatch.setattr("modicum.data.store.lance.LanceVectors.read", None)
        found = self.ids(store)
        assert len(set(found) & set(self.exact())) >= 8

    def test_what_a_filter_leaves_exactly(self, store, monkeypatch):
        for name in ("lists", "opening"):
            monkeypatch.setattr(f"modicum.workspace.search.{name}.FEW", 100)
        monkeypatch.setattr("modicum.data.store.lance.LanceVectors.read", None)
        assert self.ids(store, filters=["topic=soup"]) == self.exact([n for n in range(60) if n % 6 == 2])


def test_labels_of_a_session_become_one_version(store, tmp_path):
    table = modicum.read(store)
    session = open_session(table, None, tmp_path / "journal.jsonl", encoded=False).session
    try:
        session.answer("me", Reply("label", (100, 101), (session.state.number("soup"),)))
        session.answer("me", Reply("unlabel", (0,)))
        before = len(store_versions(store))
        assert keep_labels(store, session) == 3
        assert keep_labels(store.removesuffix("/"), session) == 3, "written again, the same"
    finally:
        session.journal.close()
    found = modicum.read(store)
    assert [found.labels[row] for row in (0, 1, 100, 101)] == [None, "storm", "soup", "soup"]
    assert found.ids == table.ids
    versions = store_versions(store)
    assert versions[before]["what"] == "labels changed by modicum label: 3"
    restore_version(store, versions[before - 1]["version"])
    assert modicum.read(store).labels == table.labels


def test_wrong_versions(store):
    with pytest.raises(InputError, match="--forget must be at least 1 day, not 0"):
        compact_store(store, forget=0)
    with pytest.raises(InputError, match="has no version 77"):
        restore_version(store, 77)
