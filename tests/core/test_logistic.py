"""Logistic regression of many labels: the minimum of the loss as it is stated, weights of rows, held intercepts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from modicum.core.logistic import base_logits, fit_logistic


def world(seed=0):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(40, 3)) + 0.5, rng.uniform(size=(40, 2)) ** 3
    return X, Y, rng.uniform(0.2, 2.0, 40), rng.normal(size=(2, 3))


def stated(W, b, X, Y, weight, C, prior, hold):
    """The loss of the docstring, written without any function under test."""
    p = 1 / (1 + np.exp(-(X @ W.T + b)))
    cross_entropy = -(Y * np.log(p) + (1 - Y) * np.log(1 - p))
    shares = ((weight[:, None] * Y).sum(axis=0) + 0.5) / (weight.sum() + 1)
    towards = np.log(shares / (1 - shares)) - prior @ ((weight[:, None] * X).sum(axis=0) / weight.sum())
    held = 0.5 * hold * ((b - towards) ** 2).sum()
    return C * (weight[:, None] * cross_entropy).sum() + 0.5 * ((W - prior) ** 2).sum() + held


@pytest.mark.parametrize(("C", "hold"), [(0.3, 1.0), (3.0, 0.0), (0.3, 20.0)])
def test_the_stated_loss_has_its_minimum_there(C, hold):
    X, Y, weight, prior = world()
    W, b = fit_logistic(X, Y, sample_weight=weight, C=C, prior=prior, hold=hold)

    def loss(flat):
        return stated(flat[:6].reshape(2, 3), flat[6:], X, Y, weight, C, prior, hold)

    slope = approx_fprime(np.append(W.ravel(), b), loss, 1e-6)
    assert np.abs(slope).max() < 5e-3 * max(C, 1)
    assert np.abs(approx_fprime(np.append(prior.ravel(), b), loss, 1e-6)).max() > 0.1, "the prior is not the minimum"


def test_what_is_not_told_is_one_a_row_no_prior_and_intercepts_held_by_one():
    X, Y, _, _ = world(1)
    told = fit_logistic(X, Y, sample_weight=np.ones(40), C=30.0, prior=np.zeros((2, 3)), hold=1.0)
    for one, other in zip(fit_logistic(X, Y), told, strict=True):
        np.testing.assert_array_equal(one, other)


def test_weights_are_so_many_rows():
    X, Y, _, _ = world(2)
    count = np.arange(40) % 3
    weighted = fit_logistic(X, Y, sample_weight=count, C=1.0)
    for one, other in zip(weighted, fit_logistic(np.repeat(X, count, 0), np.repeat(Y, count, 0), C=1.0), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


@pytest.mark.parametrize("hold", [0.0, 4.0])
def test_without_strength_the_prior_stays_and_intercepts_are_learnt_and_held(hold):
    X, Y, weight, prior = world(3)
    W, b = fit_logistic(X, Y, sample_weight=weight, C=0.0, prior=prior, hold=hold)
    np.testing.assert_array_equal(W, prior)
    p = 1 / (1 + np.exp(-(X @ W.T + b)))
    towards = base_logits(Y, weight) - prior @ np.average(X, axis=0, weights=weight)
    np.testing.assert_allclose(weight @ (p - Y) + hold * (b - towards), 0, atol=2e-3)


def test_a_label_of_no_row_or_of_all_has_the_odds_of_half_a_row():
    X, weight = np.zeros((4, 2)), np.array([1.0, 2.0, 1.0, 1.0])
    Y = np.column_stack([np.zeros(4), np.ones(4)])
    np.testing.assert_allclose(base_logits(Y, weight), [np.log(0.5 / 5.5), np.log(5.5 / 0.5)])
    strongly = fit_logistic(X, Y, sample_weight=weight, C=1.0, hold=1e6)[1]
    np.testing.assert_allclose(strongly, base_logits(Y, weight), atol=1e-3)


def test_single_precision_is_kept_within_it():
    X, Y, weight, prior = world(4)
    wide = fit_logistic(X, Y, sample_weight=weight, C=1.0, prior=prior)
    narrow = fit_logistic(X.astype(np.float32), Y, sample_weight=weight, C=1.0, prior=prior)
    for one, other in zip(wide, narrow, strict=True):
        assert other.dtype == np.float64
        np.testing.assert_allclose(one, other, atol=5e-3)
