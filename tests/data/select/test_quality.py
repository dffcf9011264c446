"""Learned quality filter: scikit-learn's weighted logistic rule, a world of good and bad rows, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.data.select import quality_filter


def rng(seed=0):
    return np.random.default_rng(seed)


def world(seed=0, bad=380, good=20):
    local = rng(seed)
    X = local.normal(size=(bad + good, 4))
    X[bad:, 0] += 5
    return X, local.normal(size=(6, 4)) + 5 * np.eye(4)[0]


def test_parity_with_a_logistic_regression_of_scikit_learn():
    X, good = world()
    rows, y = np.concatenate([good, X]), np.arange(len(X) + 6) < 6
    weight = np.where(y, 1.0, 6 / len(X))
    reference = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(rows, y, weight)
    found = quality_filter(X, good, len(X), rng=rng())
    np.testing.assert_allclose(found.scores - found.scores[0], (X - X[0]) @ reference.coef_[0], atol=2e-2)


def test_known_world_good_rows_are_kept():
    X, good = world()
    kept = quality_filter(X, good, 20, rng=rng()).rows
    assert (kept >= 380).mean() > 0.9


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_the_highest_scores_are_kept(seed, keep):
    X, good = world(seed, 50, 10)
    found, everything = (quality_filter(X, good, count, rng=rng()) for count in (keep, 60))
    assert len(found.rows) == keep
    assert found.scores.min() >= np.sort(everything.scores)[-keep] - 1e-9


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_order_of_the_pool_never_matters(seed):
    X, good = world(seed, 50, 10)
    order = rng(seed).permutation(60)
    plain, turned = quality_filter(X, good, 10, rng=rng()), quality_filter(X[order], good, 10, rng=rng())
    assert set(plain.rows.tolist()) == set(order[turned.rows].tolist())


def test_errors():
    X, good = world()
    with pytest.raises(InputError, match="no good row is given"):
        quality_filter(X, good[:0], 3, rng=rng())
    with pytest.raises(InputError, match="good vectors are 3 wide where 4 is expected"):
        quality_filter(X, good[:, :3], 3, rng=rng())
    with pytest.raises(InputError, match="500 rows are wanted of a pool of 400"):
        quality_filter(X, good, 500, rng=rng())
