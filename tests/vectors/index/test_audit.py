"""Audit: the estimate of dimensionality, recall by it and by order, its prediction, and the remedy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.index import ApproximateIndex, BinaryIndex, ExactIndex, audit, local_dimensionality, mend
from modicum.vectors.index import approximate as module
from modicum.vectors.index.audit import query_dimensions


def rng(seed=0):
    return np.random.default_rng(seed)


def mixture(rows, dims, width=48, components=24, seed=0):
    """Clouds that fill subspaces of these dimensions in turn, and which cloud each row is of."""
    local = rng(seed)
    part = local.integers(0, components, rows)
    X = np.empty((rows, width), dtype=np.float32)
    for number in range(components):
        basis = np.linalg.qr(local.normal(size=(width, dims[number % len(dims)])))[0]
        at = part == number
        spread = local.normal(size=(int(at.sum()), basis.shape[1])) / np.sqrt(basis.shape[1])
        X[at] = local.normal(size=width) / np.sqrt(width) + spread @ basis.T
    return X, part


def test_parity_with_the_definition_by_loops():
    distances = rng().uniform(1, 2, size=(5, 9))
    expected = [1 / np.mean([np.log(row[-1] / one) for one in row[:-1]]) for row in np.sort(distances, axis=1)]
    np.testing.assert_allclose(local_dimensionality(distances), expected)


@pytest.mark.parametrize("dimension", [2, 8, 32])
def test_known_world_distances_in_a_ball_tell_its_dimension(dimension):
    """The share of a ball within r is r to the power of the dimension."""
    distances = rng().random((2_000, 100)) ** (1 / dimension)
    assert local_dimensionality(distances).mean() == pytest.approx(dimension, rel=0.03)


def test_copies_and_equal_distances():
    assert local_dimensionality(np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 2.0]])).tolist() == [0.0, np.inf, np.inf]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_dimensionality_knows_no_scale(seed, scale):
    distances = rng(seed).uniform(1, 2, size=(4, 9))
    np.testing.assert_allclose(local_dimensionality(scale * distances), local_dimensionality(distances))


@given(st.integers(0, 2**32 - 1))
def test_exact_search_misses_nothing_and_parts_make_the_whole(seed):
    X, _ = mixture(200, (3, 9), seed=seed)
    full = audit(ExactIndex(X), k=5, rng=rng())
    assert full.recall == 1.0
    assert full.error == 0.0
    some = audit(BinaryIndex(X, candidates=2), k=5, rng=rng())
    for slices in (some.by_dimension(), some.by_order()):
        assert sum(one.share for one in slices) == pytest.approx(1)
        assert sum(one.share * one.recall for one in slices) == pytest.approx(some.recall)


def test_recall_falls_with_dimensionality_and_is_predicted_for_other_queries():
    """Queries of the flat clouds alone, and of the full ones alone, are told apart without exact search."""
    X, part = mixture(9_000, (2, 24))
    index = BinaryIndex(X[:8_000], metric="euclidean", candidates=2)
    found = audit(index, rng=rng())
    slices = found.by_dimension(2)
    assert slices[0].recall > slices[1].recall + 0.02
    exact = ExactIndex(X[:8_000], metric="euclidean")
    for odd in (0, 1):
        queries = X[8_000:][part[8_000:] % 2 == odd]
        truth, answers = (one.search(queries)[0] for one in (exact, index))
        actual = (answers[:, :, None] == truth[:, None, :]).any(axis=2).mean()
        assert found.predict(query_dimensions(index, queries)) == pytest.approx(actual, abs=0.02)


def test_queries_may_be_given():
    X, _ = mixture(500, (3,))
    found = audit(ExactIndex(X[:400]), X[400:], k=3, sample=50, rng=rng())
    assert found.hits.shape == (50,)
    assert found.age.shape == (50, 3)


def test_audit_refuses_what_it_cannot_judge():
    with pytest.raises(InputError, match="an audit needs 3 rows, 1 neighbour and 1 query at least, not 2, 10 and"):
        audit(ExactIndex(np.eye(2)), rng=rng())
    assert audit(ExactIndex(np.ones((9, 3))), rng=rng()).k == 8


class TestMend:
    """Lists that were learnt from other rows than those that came later. Skipped without faiss."""

    @pytest.fixture(autouse=True)
    def faiss(self, monkeypatch):
        pytest.importorskip("faiss", reason="needs the extra index: pip install 'modicum[index]'")
        monkeypatch.setattr(module, "FEW", 500)

    def test_lists_learnt_from_the_first_rows_alone_are_learnt_again(self):
        X, part = mixture(6_000, (12,))
        X = X[np.argsort(part, kind="stable")]
        index = ApproximateIndex(X[:600])
        index.add(X[600:])
        told = mend(index, rng=rng())
        assert told.changed
        assert told.after.recall > told.before.recall + 0.05 or told.work < 0.8
        assert told.before.by_order()[0].recall > told.before.by_order()[-1].recall
        assert audit(index, rng=rng()).recall == pytest.approx(told.after.recall, abs=0.03)
        assert len(index.search(X[:2])[0]) == 2

    def test_lists_that_are_in_order_are_left(self):
        X, _ = mixture(3_000, (12,))
        index = ApproximateIndex(X)
        before = index.learnt
        assert not mend(index, rng=rng(5)).changed
        assert index.learnt is before

    def test_an_exact_index_needs_no_remedy(self):
        with pytest.raises(InputError, match="searched exactly, which finds all; there is nothing to mend"):
            mend(ApproximateIndex(np.eye(4)), rng=rng())
