"""Approximate index: the recall asked for, parity with faiss, removal, filters, files; skipped without faiss."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.index import ApproximateIndex, ExactIndex, load_index
from modicum.vectors.index import approximate as module

faiss = pytest.importorskip("faiss", reason="needs the extra index: pip install 'modicum[index]'")
lists_module = importlib.import_module("modicum.vectors.index.faiss_lists")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Lists from 500 rows on, settled on 300, so that worlds may be small."""
    monkeypatch.setattr(module, "FEW", 500)
    monkeypatch.setattr(module, "SAMPLE", 300)


def clouds(rows=3_000, width=32, queries=200, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(30, width))
    near = centres[rng.integers(0, 30, rows + queries)] + 0.6 * rng.normal(size=(rows + queries, width))
    return near[:rows].astype(np.float32), near[rows:].astype(np.float32)


def recall(index, queries, truth):
    found = index.search(queries)[0]
    return (found[:, :, None] == truth[:, None, :]).any(axis=2).mean()


@pytest.fixture(scope="module")
def world():
    X, queries = clouds()
    return X, queries, ExactIndex(X).search(queries)[0]


@pytest.mark.parametrize("wanted", [0.7, 0.9, 0.97])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_known_world_the_recall_asked_for_is_found(wanted, metric):
    X, queries = clouds()
    truth = ExactIndex(X, metric=metric).search(queries)[0]
    index = ApproximateIndex(X, metric=metric, recall=wanted)
    found = recall(index, queries, truth)
    assert index.learnt.recall >= wanted
    assert found == pytest.approx(index.learnt.recall, abs=0.06)


def test_parity_with_faiss_lists_and_codes(world):
    """Candidates are those of the same lists in faiss, and all of them are read where spread is large enough."""
    X, queries, truth = world
    index = ApproximateIndex(X, lists=16)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    asked = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    own = index.learnt.lists.candidates(asked, 40, 4)
    theirs = faiss.index_factory(32, "IVF16,PQ32x4fs", faiss.METRIC_INNER_PRODUCT)
    drawn = np.random.default_rng(0).choice(3_000, 1_600, replace=False)
    theirs.cp.seed, theirs.cp.niter, theirs.pq.cp.seed = 0, 10, 0
    theirs.train(unit[np.sort(drawn)])
    theirs.add(unit)
    theirs.nprobe = 4
    assert (np.sort(own, axis=1) == np.sort(theirs.search(asked, 40)[1], axis=1)).mean() > 0.95
    index.learnt = module.Learnt(index.learnt.lists, 16, 300, 1.0)
    assert recall(index, queries, truth) == 1.0


def test_more_recall_is_more_work(world):
    X = world[0]
    work = [ApproximateIndex(X, recall=wanted).learnt.cost for wanted in (0.6, 0.9, 0.99)]
    assert work == sorted(work)
    assert work[0] < work[-1] < len(X)


def test_settled_on_queries_that_look_otherwise(world):
    X = world[0]
    index = ApproximateIndex(X)
    far = np.random.default_rng(1).normal(size=(200, 32))
    before = recall(index, far, ExactIndex(X).search(far)[0])
    assert index.settle(far, recall=0.9) >= 0.9 > before
    assert recall(index, far, ExactIndex(X).search(far)[0]) >= 0.9


@settings(max_examples=3)
@given(st.integers(0, 2**32 - 1))
def test_removed_rows_are_never_found_and_added_ones_are(seed):
    X, queries = clouds(seed=seed, queries=100)
    index = ApproximateIndex(X)
    gone = np.random.default_rng(seed).choice(3_000, 1_000, replace=False)
    index.remove(gone)
    fresh = index.add(queries)
    found, scores = index.search(queries, k=10)
    assert not np.isin(found, gone).any()
    assert (found[:, 0] == fresh).mean() > 0.95
    assert (np.diff(scores, axis=1) <= 0).all()


@settings(max_examples=3)
@given(st.integers(0, 2**32 - 1))
def test_a_filter_keeps_its_word_and_most_of_the_recall(seed):
    X, queries = clouds(seed=seed)
    index, exact = ApproximateIndex(X), ExactIndex(X)
    for keep in (np.arange(3_000) % 3 > 0, np.arange(3_000) < 600, np.arange(3_000) % 20 == 0):
        found, truth = (one.search(queries, keep=keep)[0] for one in (index, exact))
        assert keep[found].all()
        assert (found[:, :, None] == truth[:, None, :]).any(axis=2).mean() > 0.85


def test_many_removals_leave_the_lists(world):
    X, queries, _ = world
    index = ApproximateIndex(X)
    index.remove(np.arange(1_000))
    assert len(index.learnt.lists) == 3_000
    index.remove(np.arange(1_000, 2_000))
    assert len(index.learnt.lists) == 1_000
    truth = ExactIndex(X[2_000:], ids=np.arange(2_000, 3_000)).search(queries)[0]
    assert recall(index, queries, truth) > 0.9


def test_saved_lists_hold_no_removed_row_and_answer_the_same(world, tmp_path):
    X, queries, _ = world
    index = ApproximateIndex(X, ids=np.arange(3_000) + 50)
    index.remove(np.arange(50, 60))
    index.add(X[:5] + 0.01)
    index.save(tmp_path / "index")
    loaded = load_index(tmp_path / "index")
    assert len(loaded.learnt.lists) == len(loaded) == 2_995
    assert loaded.learnt.recall == index.learnt.recall
    for found, expected in zip(loaded.search(queries), index.search(queries), strict=True):
        assert np.array_equal(found, expected)
    fresh = loaded.add(queries)
    assert (loaded.search(queries, k=1)[0].ravel() == fresh).mean() > 0.95


def test_more_neighbours_than_the_lists_hold_are_completed(world):
    X, queries, _ = world
    index = ApproximateIndex(X)
    index.learnt = module.Learnt(index.learnt.lists, 1, 2, 0.5)
    found = index.search(queries[:5], k=1_000)[0]
    assert found.min() >= 0
    assert np.array_equal(found, ExactIndex(X).search(queries[:5], k=1_000)[0])


def test_a_small_index_learns_lists_once_it_has_grown(world):
    X = world[0]
    index = ApproximateIndex(X[:400])
    assert index.learnt is None
    assert index.settle() == 1.0
    index.add(X[400:])
    assert len(index.learnt.lists) == 3_000


def test_copies_and_the_same_twice():
    X = np.ones((600, 8), dtype=np.float32)
    found = ApproximateIndex(X).search(X[:3], k=20)[0]
    assert all(len(set(row)) == 20 for row in found.tolist())
    clouded, queries = clouds(rows=800)
    first, second = (ApproximateIndex(clouded).search(queries) for _ in range(2))
    assert np.array_equal(first[0], second[0])


def test_widths_that_four_does_not_divide():
    assert [lists_module.codes(width) for width in (384, 1024, 512, 7, 130)] == [96, 256, 128, 7, 65]
    X, queries = clouds(width=7)
    assert recall(ApproximateIndex(X), queries, ExactIndex(X).search(queries)[0]) > 0.9


def test_errors_name_what_is_wrong(monkeypatch):
    with pytest.raises(InputError, match="recall must lie strictly between 0 and 1, not 1"):
        ApproximateIndex(np.eye(3), recall=1)
    with pytest.raises(InputError, match="lists must be at least 1, not 0"):
        ApproximateIndex(np.eye(3), lists=0)

    def absent(name):
        raise ModuleNotFoundError("No module named 'faiss'", name="faiss")

    monkeypatch.setattr(module.importlib, "import_module", absent)
    with pytest.raises(InputError, match=r"of more than 500 rows needs the package faiss; .*modicum\[index\]"):
        ApproximateIndex(clouds(rows=600)[0])
