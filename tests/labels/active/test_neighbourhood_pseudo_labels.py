"""HAST: the published weights and rule, clouds with a stray row, thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from modicum.core import InputError
from modicum.labels.active import neighbourhood_pseudo_labels
from modicum.labels.active.neighbourhood_pseudo_labels import balancing_weights


def ask(X, proba, labelled=None, **settings):
    mask = np.zeros(len(X), bool) if labelled is None else labelled
    return neighbourhood_pseudo_labels(X, proba, mask, np.random.default_rng(0), **settings)


def test_parity_with_the_published_weights():
    """`_get_class_weights` of the authors' repository for classes of 6, 3 and 1 rows.

    github.com/chschroeder/self-training-for-sample-efficient-active-learning (commit af074ea).
    """
    codes = np.repeat([0, 1, 2], [6, 3, 1])
    expected = [10 / (1 + np.exp(1 / 2)), 5.0, 10 / (1 + np.exp(-2))]
    np.testing.assert_allclose(balancing_weights(codes, 3)[[0, 6, 9]], expected)
    np.testing.assert_allclose(expected, [3.775406688, 5.0, 8.807970780], atol=1e-8)


def test_parity_of_the_vote_with_scikit_learn():
    """A row is kept where a vote of its neighbours, itself left out, gives its own prediction by more than half."""
    local = np.random.default_rng(1)
    X, proba = local.normal(size=(60, 4)), local.dirichlet(np.full(2, 0.5), size=60)
    codes, kept = proba.argmax(axis=1), []
    for row in range(60):
        others = np.arange(60) != row
        voters = KNeighborsClassifier(7, metric="cosine").fit(X[others], codes[others])
        if voters.predict(X[[row]])[0] == codes[row]:
            kept.append(row)
    assert ask(X, proba, neighbours=7).rows.tolist() == kept


def test_known_world_a_stray_prediction_is_not_believed():
    y = np.repeat([0, 1], 20)
    X = np.eye(2)[y] + 0.05 * np.random.default_rng(2).normal(size=(40, 2))
    proba = 0.1 + 0.8 * np.eye(2)[y]
    proba[3] = [0.05, 0.95]
    found = ask(X, proba, neighbours=5)
    assert found.rows.tolist() == [row for row in range(40) if row != 3]
    assert np.array_equal(found.codes, y[found.rows])


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5))
def test_weights_have_the_mean_of_the_factor(seed, factor):
    local = np.random.default_rng(seed)
    X, proba, labelled = local.normal(size=(40, 3)), local.dirichlet(np.ones(2), size=40), local.random(40) < 0.3
    found = ask(X, proba, labelled, neighbours=5, factor=factor)
    assert not labelled[found.rows].any()
    assert found.weight.mean() == pytest.approx(factor) if len(found.rows) else True


@given(st.integers(0, 2**32 - 1))
def test_a_higher_threshold_keeps_fewer(seed):
    local = np.random.default_rng(seed)
    X, proba = local.normal(size=(40, 3)), local.dirichlet(np.ones(2), size=40)
    low, high = (set(ask(X, proba, neighbours=5, threshold=t).rows.tolist()) for t in (0.5, 0.7))
    assert high <= low


def test_nothing_to_label_and_a_cap():
    X, proba = np.eye(4), np.tile([0.9, 0.1], (4, 1))
    assert len(ask(X, proba, np.ones(4, bool)).rows) == 0
    assert len(ask(X, np.full((4, 2), 0.5)).rows) == 0
    assert len(ask(X, proba, most=3).rows) == 3


def test_errors():
    with pytest.raises(InputError, match="neighbours and most must be at least 1, the factor above 0"):
        ask(np.eye(2), np.full((2, 2), 0.5), factor=0.0)
