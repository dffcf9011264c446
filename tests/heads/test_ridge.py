"""Ridge with leave-one-out: parity with scikit-learn's RidgeCV, brute force, a known world, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as Plain
from sklearn.linear_model import RidgeCV

from modicum.core import InputError
from modicum.heads import Ridge, RidgeFit, fit_ridge


def world(seed=0, rows=40, width=10, noise=1.0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, width))
    return X, X @ rng.normal(size=width) + 3 + noise * rng.normal(size=rows)


@pytest.mark.parametrize("width", [5, 80])
def test_parity_with_ridge_cv(width):
    X, y = world(width=width)
    strengths = (0.01, 0.1, 1.0, 10.0)
    reference = RidgeCV(alphas=strengths, scoring="neg_mean_squared_error").fit(X, y)
    found = fit_ridge(X, y, strengths)
    assert found.strength == reference.alpha_
    np.testing.assert_allclose(found.coef, reference.coef_, atol=1e-8)
    assert found.intercept == pytest.approx(reference.intercept_)
    assert found.errors.min() == pytest.approx(-reference.best_score_)


def test_leave_one_out_error_is_that_of_leaving_one_out():
    X, y = world(rows=12, width=3)
    squares = []
    for row in range(len(X)):
        kept = np.arange(len(X)) != row
        rule = Plain(alpha=0.5).fit(X[kept], y[kept])
        squares.append((y[row] - rule.predict(X[[row]])[0]) ** 2)
    assert fit_ridge(X, y, (0.5,)).errors[0] == pytest.approx(np.mean(squares))


def test_known_world_the_line_is_found():
    X, y = world(rows=5_000, width=4, noise=0.1)
    rng = np.random.default_rng(0)
    rng.normal(size=X.shape)
    np.testing.assert_allclose(Ridge().fit(X, y).coef_, rng.normal(size=4), atol=0.01)


@given(st.integers(0, 2**32 - 1))
def test_noise_is_answered_with_less_than_its_own_spread(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(30, 60)), rng.normal(size=30)
    assert fit_ridge(X, y).errors.min() <= fit_ridge(X, y, ()).errors[0] + 1e-12


@given(st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3), st.floats(0.1, 10))
def test_shifting_and_stretching_the_target_does_so_to_the_answers(seed, shift, stretch):
    X, y = world(seed)
    plain, moved = Ridge().fit(X, y), Ridge().fit(X, stretch * y + shift)
    np.testing.assert_allclose(moved.predict(X), stretch * plain.predict(X) + shift, rtol=1e-6, atol=1e-6)


def test_the_mean_alone():
    X, y = world()
    head = Ridge(strengths=()).fit(X, y)
    assert head.strength_ == float("inf")
    np.testing.assert_allclose(head.scores(X)[:, 0], y.mean())
    assert isinstance(fit_ridge(X[:1], y[:1]), RidgeFit)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="strengths of the penalty must be above 0"):
        Ridge(strengths=(0.0,)).fit(*world())
