"""Vote of neighbours: scikit-learn's answers, the error rates of Cover and Hart, weights, chunks, several labels."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from modicum.core import InputError
from modicum.heads import KNNVote, KNNVoteMultilabel, knn_vote, nearest_rows, vote
from tests.heads.test_class_mean import blobs


def hard_world(seed=0):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng, spread=3.0)
    fresh, _ = blobs(rng, spread=3.0)
    return X, y, fresh


@pytest.mark.parametrize("k", [1, 5, 80])
def test_parity_with_k_neighbors_classifier(k):
    X, y, fresh = hard_world()
    reference = KNeighborsClassifier(k, metric="cosine").fit(X, y)
    ours = KNNVote(k=k, scale=0.0, smoothing=1e-9).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(fresh), reference.predict_proba(fresh), atol=1e-6)
    assert np.array_equal(ours.predict(fresh), reference.predict(fresh))


def test_parity_with_weights_of_ones_own():
    X, y, fresh = hard_world()
    reference = KNeighborsClassifier(9, metric="cosine", weights=lambda distance: np.exp(-10 * distance)).fit(X, y)
    ours = KNNVote(k=9, scale=10.0, smoothing=1e-9).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(fresh), reference.predict_proba(fresh), atol=1e-6)


def test_parity_with_several_labels():
    X, _, fresh = hard_world()
    Y = (np.random.default_rng(3).random((len(X), 3)) < 0.4).astype(np.int64)
    reference = KNeighborsClassifier(6, metric="cosine").fit(X, Y)
    ours = KNNVoteMultilabel(k=6, scale=0.0).fit(X, Y)
    shares = np.stack([proba[:, 1] for proba in reference.predict_proba(fresh)], axis=1)
    np.testing.assert_allclose(ours.predict_proba(fresh), shares, atol=1e-9)
    assert np.array_equal(ours.predict(fresh), reference.predict(fresh))


def test_known_world_error_of_one_and_of_many_neighbours():
    """Where every place has class 1 with probability 0.7, one neighbour is right in 0.7^2 + 0.3^2, many in 0.7."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(12_000, 3)), (rng.random(12_000) < 0.7).astype(np.int64)
    right = [KNNVote(k=k, scale=0.0).fit(X[:6_000], y[:6_000]).score(X[6_000:], y[6_000:]) for k in (1, 301)]
    assert right == pytest.approx([0.58, 0.70], abs=0.02)


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_weight_two_is_the_row_twice(seed, k):
    X, y, fresh = hard_world(seed)
    weight = np.random.default_rng(seed).integers(0, 3, len(y))
    weighted = KNNVote(k=k).fit(X, y, sample_weight=weight, classes=np.arange(4))
    doubled = KNNVote(k=k).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight), classes=np.arange(4))
    np.testing.assert_allclose(weighted.predict_proba(fresh), doubled.predict_proba(fresh), atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_rotation_and_length_change_nothing(seed, length):
    X, y, fresh = hard_world(seed)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))
    plain, turned = KNNVote().fit(X, y), KNNVote().fit(length * X @ Q, y)
    np.testing.assert_allclose(plain.predict_proba(fresh), turned.predict_proba(fresh @ Q), atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_one_label_or_an_indicator_matrix_is_the_same_vote(seed):
    X, y, fresh = hard_world(seed)
    several = KNNVoteMultilabel().fit(X, np.eye(4)[y]).predict_proba(fresh)
    np.testing.assert_allclose(several, KNNVote(smoothing=1e-12).fit(X, y).predict_proba(fresh), atol=1e-9)


def test_chunks_change_nothing(monkeypatch):
    X, y, fresh = hard_world()
    whole = KNNVote().fit(X, y).predict_proba(fresh)
    monkeypatch.setattr(knn_vote, "BLOCK", 300)
    np.testing.assert_allclose(KNNVote().fit(X, y).predict_proba(fresh), whole, atol=1e-12)


def test_memory_stays_bounded():
    """All similarities at once would be 480 MB, and as much again to sort them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20_000, 4)).astype(np.float32)
    head = KNNVote().fit(X, np.arange(20_000) % 3)
    tracemalloc.start()
    head.scores(X[:6_000])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120e6


def test_votes_by_hand():
    near, similarity = nearest_rows(np.array([[3.0, 4.0]]), np.eye(2), 2)
    assert near.tolist() == [[1, 0]]
    np.testing.assert_allclose(similarity, [[0.8, 0.6]])
    labels = np.array([[1, 0], [1, 1]])
    np.testing.assert_allclose(vote(near, similarity, labels, scale=0.0), [[1.0, 0.5]])
    loud = np.exp(-0.2 * 5)
    np.testing.assert_allclose(vote(near, similarity, labels, scale=5.0), [[1.0, 1 / (1 + loud)]])
    np.testing.assert_allclose(vote(near, similarity, labels, scale=0.0, smoothing=2.0), [[3 / 4, 2 / 4]])
    np.testing.assert_allclose(vote(near, similarity, labels, scale=0.0, mass=np.array([[1.0, 3.0]])), [[1.0, 0.25]])


def test_edges_few_rows_classes_without_rows_and_vectors_of_zero():
    head = KNNVote(k=50).fit(np.eye(3)[[0, 1]], ["a", "b"], classes=["a", "b", "c"])
    assert head.predict(np.eye(3)[:2]).tolist() == ["a", "b"]
    scores = head.scores(np.zeros((1, 3)))
    assert np.isfinite(scores).all()
    assert scores[0, 0] == scores[0, 1] > scores[0, 2]
    assert KNNVoteMultilabel().fit(np.eye(2), np.array([[True], [False]])).predict(np.eye(2)).tolist() == [[1], [0]]


def test_errors():
    X = np.eye(2)
    with pytest.raises(InputError, match="k must be at least 1 and scale at least 0, not 0 and 10"):
        KNNVote(k=0).fit(X, [0, 1])
    with pytest.raises(InputError, match="smoothing must be above 0, not 0"):
        KNNVote(smoothing=0.0).fit(X, [0, 1])
    with pytest.raises(InputError, match="indicator matrix of 0 and 1"):
        KNNVoteMultilabel().fit(X, [[0, 2], [1, 0]])
    with pytest.raises(InputError, match="labels have 1 rows where the table has 2"):
        KNNVoteMultilabel().fit(X, [[0, 1]])
