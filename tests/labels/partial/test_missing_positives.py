"""Missing positives: scikit-learn's answer without recall, forgotten labels found, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.labels.partial import fit_logistics, recall_positives


def world(rng, count=400, forgotten=0.4):
    """Three labels, each the sign of a direction, the last one rare; `forgotten` of all ticks are missing."""
    X = rng.normal(size=(count, 5))
    true = X[:, :3] > np.array([0.0, 0.5, 1.4])
    return X, true, true & (rng.random(true.shape) > forgotten)


def test_parity_with_logistic_regression():
    X, _, ticked = world(np.random.default_rng(0))
    found = recall_positives(X, ticked, C=1.0, rounds=0)
    for k in range(3):
        reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=1_000).fit(X, ticked[:, k])
        np.testing.assert_allclose(found.predict_proba(X)[:, k], reference.predict_proba(X)[:, 1], atol=2e-3)


def test_known_world_forgotten_labels_are_recalled():
    rng = np.random.default_rng(1)
    X, true, ticked = world(rng)
    X_new, true_new, _ = world(rng, 2_000)
    plain, found = recall_positives(X, ticked, rounds=0), recall_positives(X, ticked)
    recalled = found.recalled
    assert true[recalled].mean() > 0.9
    assert recalled.sum() > 0.4 * (true & ~ticked).sum()
    right = [((rule.predict_proba(X_new) > 0.5) == true_new).mean() for rule in (plain, found)]
    assert right[1] > right[0] + 0.03


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_nothing_ticked_is_ever_recalled_or_lost(seed):
    X, _, ticked = world(np.random.default_rng(seed), 60)
    ticked[0] = True
    found = recall_positives(X, ticked, rounds=1)
    assert not (found.recalled & ticked).any()
    assert ((found.predict_proba(X) >= 0) & (found.predict_proba(X) <= 1)).all()


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_a_weight_is_a_repetition(seed, times):
    rng = np.random.default_rng(seed)
    X, labels = rng.normal(size=(20, 3)), rng.random((20, 2)) < 0.5
    weights = np.ones((20, 2))
    weights[0] = times
    rows = np.append(np.arange(20), np.zeros(times - 1, dtype=int))
    once, often = (
        fit_logistics(X, labels, weights, C=1.0),
        fit_logistics(X[rows], labels[rows], weights[rows] ** 0, C=1.0),
    )
    np.testing.assert_allclose(once[0], often[0], atol=2e-3)


def test_errors():
    with pytest.raises(InputError, match="label 1 has no ticked row; leave it out"):
        recall_positives(np.eye(2), np.array([[True, False], [False, False]]))
    with pytest.raises(InputError, match=r"ticked labels must be \(rows, labels\) for 2 rows"):
        recall_positives(np.eye(2), np.ones((3, 2), bool))
    with pytest.raises(InputError, match="quantile must lie strictly between 0 and 1"):
        recall_positives(np.eye(2), np.eye(2, dtype=bool), quantile=1)
    for setting in ({"folds": 1}, {"folds": 3}, {"rounds": -1}, {"focus": -0.5}, {"C": 0}):
        with pytest.raises(InputError, match="folds 2 to 2; they are"):
            recall_positives(np.eye(2), np.eye(2, dtype=bool), **setting)
