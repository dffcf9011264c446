"""Votes on every label: parity with scikit-learn's neighbours, finite odds, conventions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from modicum.core import InputError
from modicum.heads import KNNVoteMultilabel


def world(seed=0, rows=50):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 5)), (rng.random((rows, 3)) < 0.4).astype(int)


def test_parity_with_plain_shares_of_cosine_neighbours():
    X, Y = world()
    reference = KNeighborsClassifier(n_neighbors=7, metric="cosine").fit(X, Y)
    told = np.stack([p[:, 1] for p in reference.predict_proba(X)], axis=1)
    np.testing.assert_allclose(KNNVoteMultilabel(k=7, scale=0).fit(X, Y).predict_proba(X), told, atol=1e-12)


def test_known_world_the_nearest_row_decides():
    head = KNNVoteMultilabel(k=1).fit(np.eye(3), [[1, 1], [0, 1], [0, 0]])
    assert head.predict(np.eye(3) * 5).tolist() == [[1, 1], [0, 1], [0, 0]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_scores_are_finite_and_ordered_as_shares(seed, k):
    X, Y = world(seed)
    head = clone(KNNVoteMultilabel(k=k)).fit(X, Y)
    scores, shares = head.scores(X), head.predict_proba(X)
    assert np.isfinite(scores).all()
    assert ((scores > 0) == (shares > 0.5)).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_length_of_vectors_does_not_matter(seed, scale):
    X, Y = world(seed)
    first, second = KNNVoteMultilabel().fit(X, Y), KNNVoteMultilabel().fit(scale * X, Y)
    np.testing.assert_allclose(first.predict_proba(X), second.predict_proba(scale * X), atol=1e-6)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="indicator matrix of 0 and 1"):
        KNNVoteMultilabel().fit(np.eye(2), [[0, 2], [1, 0]])
    with pytest.raises(InputError, match="k must be at least 1"):
        KNNVoteMultilabel(k=0).fit(np.eye(2), np.eye(2))
