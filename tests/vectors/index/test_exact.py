"""Exact index: parity with scikit-learn, blocks, codes and their error, and what every index has to refuse."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from modicum.core import InputError, Vectors
from modicum.vectors.index import ApproximateIndex, BinaryIndex, ExactIndex, load_index

KINDS = (ExactIndex, BinaryIndex, ApproximateIndex)


def world(rows=300, width=8, queries=20, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.5, 2, size=(rows, 1))
    X = (lengths * rng.normal(size=(rows, width))).astype(np.float32)
    return X, rng.normal(size=(queries, width)).astype(np.float32)


@pytest.mark.parametrize(("metric", "sign"), [("cosine", 1), ("euclidean", 0)])
def test_parity_with_scikit_learn(metric, sign):
    X, queries = world(rows=5_000)
    far, near = NearestNeighbors(n_neighbors=10, metric=metric, algorithm="brute").fit(X).kneighbors(queries)
    ids, scores = ExactIndex(X, metric=metric).search(queries)
    assert np.array_equal(ids, near)
    np.testing.assert_allclose(sign - scores, far, atol=1e-5)


def test_known_world_points_on_a_line():
    index = ExactIndex(np.arange(100.0)[:, None], metric="euclidean")
    ids, scores = index.search([[41.2]], k=4)
    assert ids.tolist() == [[41, 42, 40, 43]]
    np.testing.assert_allclose(scores, [[-0.2, -0.8, -1.2, -1.8]], atol=1e-5)


def test_dot_prefers_long_rows_and_cosine_does_not():
    X = np.array([[9.0, 9.0], [0.0, 1.0]])
    assert ExactIndex(X, metric="dot").search([[0.1, 1.0]], k=1)[0] == 0
    assert ExactIndex(X).search([[0.1, 1.0]], k=1)[0] == 1


@given(st.integers(0, 2**32 - 1), st.sampled_from(["cosine", "dot", "euclidean"]))
def test_the_error_of_codes_is_a_bound(seed, metric):
    X, queries = world(rows=40, seed=seed)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    exact, coded = ExactIndex(X, metric=metric), ExactIndex(X, metric=metric, precision="int8")
    (ids, scores), (others, told) = (index.search(queries, k=40) for index in (exact, coded))
    assert exact.error == 0 < coded.error < 0.1
    order, other = np.argsort(ids, axis=1), np.argsort(others, axis=1)
    off = np.take_along_axis(scores, order, axis=1) - np.take_along_axis(told, other, axis=1)
    assert np.abs(off).max() <= coded.error + 1e-5


@given(st.integers(0, 2**32 - 1), st.sampled_from(["cosine", "dot", "euclidean"]), st.sampled_from(["float32", "int8"]))
def test_added_in_parts_is_added_at_once(seed, metric, precision):
    X, queries = world(rows=60, seed=seed)
    whole, parts = (ExactIndex(part, metric=metric, precision=precision) for part in (X, X[:20]))
    assert parts.add(X[20:21]).tolist() == [20]
    parts.add(X[21:])
    for found, expected in zip(parts.search(queries, k=5), whole.search(queries, k=5), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_rows_are_used_where_they_lie(tmp_path):
    X, queries = world()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    index = ExactIndex(mapped)
    assert index.rows.segments[0].values is mapped
    assert np.array_equal(index.search(queries)[0], ExactIndex(X).search(queries)[0])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
class TestEveryIndex:
    """The small worlds are searched exactly by all kinds; bits are given candidates enough."""

    def index(self, kind, X, **settings):
        return kind(X, **settings, **({"candidates": len(X)} if kind is BinaryIndex else {}))

    def test_removed_rows_are_gone_and_may_come_back(self, kind):
        X, _ = world()
        index = self.index(kind, X)
        index.remove([3, 5])
        assert len(index) == 298
        assert not np.isin(index.search(X, k=3)[0], [3, 5]).any()
        assert index.add(X[[3]], ids=[3]).tolist() == [3]
        assert index.search(X[[3]], k=1)[0] == 3
        assert index.add(X[:1]).tolist() == [300]

    def test_a_filter_is_a_mask_or_a_question_about_ids(self, kind):
        X, queries = world()
        index = self.index(kind, X, ids=np.arange(1_000, 1_300))
        index.remove([1_000])
        even = index.search(queries, keep=lambda ids: ids % 2 == 0)
        for found, expected in zip(even, index.search(queries, keep=index.ids % 2 == 0), strict=True):
            assert np.array_equal(found, expected)
        alone = self.index(kind, X[2::2], ids=np.arange(1_002, 1_300, 2))
        assert np.array_equal(even[0], alone.search(queries)[0])

    @pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
    def test_saved_and_loaded_is_the_same(self, kind, metric, tmp_path):
        X, queries = world()
        index = self.index(kind, X, metric=metric, encoder="abc")
        index.remove([7])
        index.add(X[:2] + 1)
        index.save(tmp_path / "index")
        for loaded in (kind.load(tmp_path / "index", encoder="abc"), load_index(tmp_path / "index")):
            assert type(loaded) is kind
            assert loaded.encoder == "abc"
            for found, expected in zip(loaded.search(queries), index.search(queries), strict=True):
                np.testing.assert_allclose(found, expected, atol=1e-6)
            loaded.add(X[:1])
            assert len(loaded) == len(index) + 1

    def test_arguments_are_not_changed_and_queries_may_be_any_numbers(self, kind):
        X, queries = world()
        before = X.copy(), queries.copy()
        index = self.index(kind, X)
        index.search(queries)
        index.add(queries)
        assert np.array_equal(before[0], X)
        assert np.array_equal(before[1], queries)
        assert np.array_equal(index.search(np.ones((1, 8), int))[0], index.search(np.ones((1, 8)))[0])

    def test_one_row_and_rows_that_are_copies(self, kind):
        assert self.index(kind, [[1.0, 2.0]]).search([[1.0, 0.0]], k=1)[0].tolist() == [[0]]
        copies = self.index(kind, np.ones((50, 4)))
        assert len(set(copies.search(np.ones((1, 4)), k=50)[0][0].tolist())) == 50

    def test_no_query_is_no_answer(self, kind):
        assert self.index(kind, np.eye(4)).search(np.empty((0, 4)), k=2)[0].shape == (0, 2)

    def test_what_cannot_be_asked_is_told(self, kind):
        index = self.index(kind, np.eye(4), encoder="a" * 40)
        spoilt = np.full((1, 4), np.nan)
        other = Vectors(np.eye(4, dtype=np.float32), "other", "b" * 40)
        for queries, k, keep, words in [
            (spoilt, 1, None, "queries: row 0 holds NaN or infinity"),
            (np.zeros((1, 4)), 1, None, r"queries: row 0 is all zeros \(1 such rows\) and has no direction"),
            (np.eye(3), 1, None, "queries are 3 wide where 4 is expected; make them by the same encoder"),
            (other, 1, None, "made with encoder aaaaaaaaaaaa, but these vectors are of bbbbbbbbbbbb; encode with"),
            (np.eye(4), 5, None, "5 neighbours were asked for among 4 rows; ask for 1 to 4"),
            (np.eye(4), 0, None, "0 neighbours were asked for"),
            (np.eye(4), 2, np.arange(4) == 1, "2 neighbours were asked for among 1 rows that the filter keeps"),
            (np.eye(4), 1, np.zeros(4, bool), "the filter keeps none of the 4 rows; widen it"),
            (np.eye(4), 1, np.arange(4), "keep must be a mask of the 4 rows, or give one, not int64"),
            (np.eye(4), 1, lambda ids: ids[:2] > 0, r"not bool of shape \(2,\)"),
        ]:
            with pytest.raises(InputError, match=words):
                index.search(queries, k, keep=keep)

    def test_what_cannot_be_stored_is_told_and_nothing_is_lost(self, kind):
        index = self.index(kind, np.eye(4))
        zeros = np.eye(4)
        zeros[2] = 0
        for change, words in [
            (lambda: index.add(zeros), "vectors: row 2 is all zeros"),
            (lambda: index.add(np.full((1, 4), np.inf)), "vectors: row 0 holds NaN or infinity"),
            (lambda: index.add(np.eye(3)), "vectors are 3 wide where 4 is expected"),
            (lambda: index.add(np.eye(4), ids=[7, 8, 9, 0]), "id 0 is given twice or there already"),
            (lambda: index.add(np.eye(4), ids=[7, 7, 8, 9]), "id 7 is given twice"),
            (lambda: index.add(np.eye(4), ids=[7]), "1 ids for 4 vectors"),
            (lambda: index.add(np.eye(4), ids=["a", "b", "c", "d"]), "ids must be a flat array of integers from 0"),
            (lambda: index.remove([0, 9]), r"id 9 is not in the index \(1 such ids\); nothing was changed"),
        ]:
            with pytest.raises(InputError, match=words):
                change()
        assert index.ids.tolist() == [0, 1, 2, 3]
        assert index.search(np.eye(4), k=1)[0].ravel().tolist() == [0, 1, 2, 3]
        with pytest.raises(InputError, match="an index needs at least one row"):
            kind(np.empty((0, 4)))
        with pytest.raises(InputError, match="metric 'cosin' is not known; did you mean 'cosine'"):
            kind(np.eye(4), metric="cosin")

    def test_an_emptied_index_says_so(self, kind, tmp_path):
        index = self.index(kind, np.eye(2))
        index.remove([0, 1])
        with pytest.raises(InputError, match="among 0 rows; add some first"):
            index.search(np.eye(2), k=1)
        with pytest.raises(InputError, match="the index holds no row; there is nothing to save"):
            index.save(tmp_path / "index")
        index.add(np.eye(2))
        assert index.search(np.eye(2), k=1)[0].ravel().tolist() == [2, 3]

    def test_a_folder_that_is_not_what_was_written_is_refused(self, kind, tmp_path):
        folder = tmp_path / "index"
        with pytest.raises(InputError, match=r"is not an index: it has no index\.json that can be read"):
            kind.load(folder)
        self.index(kind, np.eye(2), encoder="a" * 40).save(folder)
        other = KINDS[(KINDS.index(kind) + 1) % 3]
        with pytest.raises(InputError, match=f"kind '{kind.kind}', not '{other.kind}'"):
            other.load(folder)
        with pytest.raises(InputError, match="made with encoder aaaaaaaaaaaa"):
            load_index(folder, encoder="b" * 40)
        said = json.loads((folder / "index.json").read_text())
        (folder / "index.json").write_text(json.dumps({**said, "metric": "dot"}))
        with pytest.raises(InputError, match="was changed after it was written"):
            load_index(folder)
        (folder / "index.json").write_text(json.dumps({**said, "schema": 99}))
        with pytest.raises(InputError, match="of another version of modicum"):
            load_index(folder)
        (folder / "index.json").write_text(json.dumps(said))
        np.save(folder / "ids.npy", np.array([5, 6]))
        with pytest.raises(InputError, match=re.escape("ids.npy is missing or was changed")):
            load_index(folder)

    def test_vectors_bring_their_encoder(self, kind):
        index = kind(Vectors(np.eye(4, dtype=np.float32), "one", "a" * 40))
        assert index.encoder == "a" * 40
        with pytest.raises(InputError, match="but these vectors are of bbbb"):
            index.add(Vectors(np.eye(4, dtype=np.float32), "other", "b" * 40))


def test_codes_are_saved_as_codes(tmp_path):
    X, queries = world()
    index = ExactIndex(X, precision="int8")
    index.save(tmp_path / "index")
    loaded = ExactIndex.load(tmp_path / "index")
    assert loaded.rows.segments[0].values.dtype == np.int8
    assert loaded.error == index.error
    assert np.array_equal(loaded.search(queries)[0], index.search(queries)[0])
