"""Platt scaling of many labels: parity with logistic regression, a known world, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.labels.calibration import fit_platt


def drawn(rng, rows, slopes, intercepts):
    scores = rng.normal(size=(rows, len(slopes)))
    return scores, (rng.random(scores.shape) < expit(slopes * scores + intercepts)).astype(int)


def test_parity_with_logistic_regression_on_one_score():
    scores, Y = drawn(np.random.default_rng(0), 500, np.array([2.0, 0.5]), np.array([-1.0, 0.3]))
    slopes, intercepts = fit_platt(scores, Y, prior_strength=1e-9)
    for k in range(2):
        reference = LogisticRegression(C=1e12, tol=1e-10).fit(scores[:, [k]], Y[:, k])
        assert slopes[k] == pytest.approx(reference.coef_[0, 0], abs=1e-3)
        assert intercepts[k] == pytest.approx(reference.intercept_[0], abs=1e-3)


def test_known_world_the_drawn_lines_are_found():
    want = np.array([0.5, 1.0, 3.0]), np.array([-2.0, 0.0, 1.0])
    scores, Y = drawn(np.random.default_rng(1), 100_000, *want)
    found = fit_platt(scores, Y)
    np.testing.assert_allclose(found[0], want[0], rtol=0.05)
    np.testing.assert_allclose(found[1], want[1], atol=0.06)


@given(st.integers(0, 2**32 - 1))
def test_odds_never_change_their_order_and_are_no_less_likely(seed):
    scores, Y = drawn(np.random.default_rng(seed), 60, np.array([0.3, 4.0]), np.array([1.0, -1.0]))
    slopes, intercepts = fit_platt(scores, Y, prior_strength=0.5)
    assert (slopes > 0).all()

    def loss(z):
        return (np.logaddexp(0, z) - Y * z).sum()

    assert loss(slopes * scores + intercepts) <= loss(scores) + 1e-6


@given(st.integers(0, 2**32 - 1))
def test_a_repeated_row_is_a_row_of_twice_the_weight(seed):
    rng = np.random.default_rng(seed)
    scores, Y = drawn(rng, 30, np.array([1.0, 2.0]), np.array([0.0, 0.5]))
    twice = fit_platt(np.concatenate([scores, scores]), np.concatenate([Y, Y]))
    weighed = fit_platt(scores, Y, sample_weight=np.full(30, 2.0))
    np.testing.assert_allclose(twice, weighed, atol=1e-4)


def test_a_label_with_few_rows_leans_on_the_others():
    rng = np.random.default_rng(2)
    scores, Y = drawn(rng, 400, np.full(8, 2.0), np.full(8, -1.0))
    Y[:, 0] = 0
    slopes, _ = fit_platt(scores, Y)
    assert np.isfinite(slopes).all()
    assert abs(slopes[1] - 2) < 0.7


def test_edges():
    slopes, intercepts = fit_platt(np.empty((0, 2)), np.empty((0, 2), dtype=int))
    assert slopes.tolist() == [1, 1]
    assert intercepts.tolist() == [0, 0]
    with pytest.raises(InputError, match="give one score per label"):
        fit_platt(np.ones((2, 3)), np.eye(2))
    with pytest.raises(InputError, match="sample weights must be 2 numbers of at least 0, one per row"):
        fit_platt(np.ones((2, 2)), np.eye(2), sample_weight=np.ones(3))
    with pytest.raises(InputError, match="prior_strength must be at least 0, not -1"):
        fit_platt(np.ones((2, 2)), np.eye(2), prior_strength=-1)
