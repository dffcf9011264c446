"""One more row under the softmax loss: parity with scikit-learn, with a full fit, and the others left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from modicum.core.softmax import fit_row, fit_softmax


def world(rng, classes=4, per_class=15, width=5):
    centres = 2 * rng.normal(size=(classes, width))
    y = np.repeat(np.arange(classes), per_class)
    return centres[y] + rng.normal(size=(len(y), width)), y


@pytest.mark.parametrize("C", [0.1, 30.0])
def test_parity_with_logistic_regression_where_the_others_say_nothing(C):
    """One old class of zero weights has the score 0 everywhere: what is left is plain logistic regression."""
    X, y = world(np.random.default_rng(0), classes=2)
    w, c = fit_row(X, y == 1, (np.zeros((1, 5)), np.zeros(1)), C=C)
    reference = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(w, reference.coef_[0], rtol=2e-3, atol=2e-3)
    assert c == pytest.approx(reference.intercept_[0], rel=2e-3, abs=2e-3)


def test_the_last_row_of_a_full_fit_is_where_it_stays():
    """A row that is the optimum with all rows free is the optimum with the others held, too."""
    X, y = world(np.random.default_rng(1))
    W, b = fit_softmax(X, np.eye(4)[y], C=1.0, max_iter=5_000)
    w, c = fit_row(X, y == 3, (W[:3], b[:3]), C=1.0)
    np.testing.assert_allclose(w, W[3], atol=5e-3)
    assert c == pytest.approx(b[3], abs=5e-3)


@given(st.integers(0, 2**32 - 1))
def test_shifting_the_others_scores_shifts_the_intercept_alone(seed):
    rng = np.random.default_rng(seed)
    X, y = world(rng)
    W, b = rng.normal(size=(3, 5)), rng.normal(size=3)
    w, c = fit_row(X, y == 3, (W, b))
    shifted, moved = fit_row(X, y == 3, (W, b + 7.0))
    np.testing.assert_allclose(shifted, w, atol=2e-2)
    assert moved - c == pytest.approx(7.0, abs=2e-2)


@given(st.integers(0, 2**32 - 1))
def test_probabilities_of_the_new_class_average_to_its_share(seed):
    """The free intercept balances the sum of the errors, as in any logistic regression."""
    rng = np.random.default_rng(seed)
    X, y = world(rng)
    W, b = rng.normal(size=(3, 5)), rng.normal(size=3)
    w, c = fit_row(X, y == 3, (W, b))
    score = X @ w + c
    proba = 1 / (1 + np.exp(logsumexp(X @ W.T + b, axis=1) - score))
    assert proba.mean() == pytest.approx(0.25, abs=1e-3)


def test_without_rows_that_say_anything_the_prior_stays():
    prior = np.array([1.0, -2.0])
    w, _ = fit_row(
        np.zeros((4, 2)), np.array([True, False, False, False]), (np.zeros((1, 2)), np.zeros(1)), prior=prior
    )
    np.testing.assert_allclose(w, prior)
