"""Softmax regression: parity with scikit-learn, a world with a known answer, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.heads import Linear
from tests.heads.test_class_mean import blobs


@pytest.mark.parametrize(("C", "tolerance"), [(0.1, 1e-4), (1.0, 1e-3), (30.0, 1e-2)])
def test_parity_with_logistic_regression(C, tolerance):
    X, y = blobs(np.random.default_rng(0), spread=3.0)
    reference = LogisticRegression(C=C, tol=1e-8, max_iter=2000).fit(X, y)
    np.testing.assert_allclose(Linear(C=C).fit(X, y).predict_proba(X), reference.predict_proba(X), atol=tolerance)


def test_known_world_log_odds_of_two_gaussians():
    """Classes at -1 and +1 with unit spread have log-odds 2x: that is the rule to be found."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 100_000)
    X = (2 * y - 1)[:, None] + rng.normal(size=(len(y), 1))
    slope = np.diff(Linear().fit(X, y).coef_, axis=0)[0, 0]
    assert slope == pytest.approx(2.0, abs=0.05)


@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng, spread=1.0)
    order = rng.permutation(len(y))
    one, two = Linear(C=1.0).fit(X, y), Linear(C=1.0).fit(X[order], y[order])
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X), atol=1e-2)


@given(st.integers(0, 2**32 - 1))
def test_weight_two_is_the_row_twice(seed):
    X, y = blobs(np.random.default_rng(seed), spread=1.0)
    weight = np.ones(len(y))
    weight[:10] = 2
    weighted = Linear(C=1.0).fit(X, y, sample_weight=weight)
    doubled = Linear(C=1.0).fit(np.concatenate([X, X[:10]]), np.append(y, y[:10]))
    np.testing.assert_allclose(weighted.predict_proba(X), doubled.predict_proba(X), atol=1e-2)
