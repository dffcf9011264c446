"""One more row under the softmax loss: parity with scikit-learn, with a full fit, and the others left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from modicum.core.softmax import fit_row, fit_softmax, name_prior, with_names


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


def test_a_soft_target_is_as_many_hard_ones_with_its_weights():
    X, y = world(np.random.default_rng(2))
    soft = np.eye(4)[y]
    soft[:5] = [0.7, 0.3, 0.0, 0.0]
    rows = np.concatenate([X, X[:5]])
    hard = np.eye(4)[np.concatenate([np.zeros(5, dtype=int), y[5:], np.ones(5, dtype=int)])]
    weight = np.concatenate([np.full(5, 0.7), np.ones(len(X) - 5), np.full(5, 0.3)])
    one, other = fit_softmax(X, soft, C=1.0), fit_softmax(rows, hard, sample_weight=weight, C=1.0)
    np.testing.assert_allclose(one[0], other[0], atol=5e-3)
    np.testing.assert_allclose(one[1], other[1], atol=5e-3)


def test_a_target_that_sums_to_two_is_a_row_of_weight_two():
    X, y = world(np.random.default_rng(3))
    Y, weight = np.eye(4)[y], np.ones(len(X))
    Y[:7], weight[:7] = 2 * Y[:7], 2
    one, other = fit_softmax(X, Y, C=1.0), fit_softmax(X, np.eye(4)[y], sample_weight=weight, C=1.0)
    np.testing.assert_allclose(one[0], other[0], atol=5e-3)


def test_a_warm_start_goes_on_from_where_it_was():
    X, y = world(np.random.default_rng(4))
    best = fit_softmax(X, np.eye(4)[y], C=1.0, max_iter=5_000)
    again = fit_softmax(X, np.eye(4)[y], C=1.0, start=best, max_iter=1)
    np.testing.assert_allclose(again[0], best[0], atol=5e-3)
    cold = fit_softmax(X, np.eye(4)[y], C=1.0, max_iter=1)
    assert np.abs(cold[0] - best[0]).max() > 0.1


def test_rows_that_say_nothing_leave_the_prior_and_the_shares():
    prior = np.array([[1.0, -2.0], [0.5, 0.0], [0.0, 3.0]])
    Y = np.eye(3)[[0, 0, 0, 1, 1, 2]]
    W, b = fit_softmax(np.zeros((6, 2)), Y, prior=prior)
    np.testing.assert_allclose(W, prior)
    np.testing.assert_allclose(np.exp(b - logsumexp(b)), [1 / 2, 1 / 3, 1 / 6], atol=1e-3)


def test_scores_far_apart_are_no_trouble():
    X = 1e4 * np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    W, b = fit_softmax(X, np.eye(2)[[0, 0, 1, 1]])
    assert (X @ W.T + b).argmax(axis=1).tolist() == [0, 0, 1, 1]
    w, c = fit_row(X, np.array([False, False, True, True]), (np.zeros((1, 2)), np.zeros(1)))
    assert ((X @ w + c) > 0).tolist() == [False, False, True, True]


def test_a_weight_of_two_is_the_row_twice_for_one_more_class():
    X, y = world(np.random.default_rng(5))
    rule = np.random.default_rng(6).normal(size=(3, 5)), np.zeros(3)
    weight = np.ones(len(X))
    weight[40:50] = 2
    rows = np.concatenate([np.arange(len(X)), np.arange(40, 50)])
    one, other = fit_row(X, y == 3, rule, sample_weight=weight, C=1.0), fit_row(X[rows], y[rows] == 3, rule, C=1.0)
    np.testing.assert_allclose(one[0], other[0], atol=5e-3)
    assert one[1] == pytest.approx(other[1], abs=5e-3)


def test_names_are_rows_of_their_classes():
    X, Y, weight = np.ones((3, 2), dtype=np.float32), np.eye(2)[[0, 1, 1]], np.array([1.0, 2.0, 3.0])
    rows, targets, weights = with_names(X, Y, weight, np.array([[5.0, 0.0], [0.0, 5.0]]), 0.5)
    assert rows[3:].tolist() == [[5, 0], [0, 5]]
    assert targets[3:].tolist() == [[1, 0], [0, 1]]
    assert weights.tolist() == [1, 2, 3, 0.5, 0.5]
    assert (len(rows), len(targets), rows.dtype) == (5, 5, np.float32)
    for told in (with_names(X, Y, weight, None, 0.5), with_names(X, Y, weight, np.eye(2), 0.0)):
        assert all(one is other for one, other in zip(told, (X, Y, weight), strict=True))


def test_a_prior_is_the_names_about_their_mean_at_one_length():
    prior = name_prior(np.array([[4.0, 1.0], [0.0, 1.0], [2.0, 4.0]]), 3.0)
    np.testing.assert_allclose(np.linalg.norm(prior, axis=1), 3.0)
    np.testing.assert_allclose(prior[2], [0.0, 3.0])
    assert name_prior(None, 3.0) is None
    assert name_prior(np.eye(2), 0.0) is None
