"""Stacked regression: parity with non-negative least squares, a known world, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from modicum.core import InputError
from modicum.evaluation.stats import stack_weights


def world(seed=0, rows=200, noises=(0.5, 1.0, 2.0)):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=rows)
    return np.stack([y + s * rng.normal(size=rows) for s in noises]), y


def equal(members):
    return np.full(members, 1 / members)


def test_parity_with_least_squares_on_the_simplex():
    members, y = world()
    found = stack_weights(members, y, equal(3), strength=1e-6)
    reference = minimize(
        lambda w: ((w @ members - y) ** 2).mean(), equal(3), bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, tol=1e-12,
    ).x  # fmt: skip
    np.testing.assert_allclose(found, reference, atol=2e-3)


def test_known_world_shares_go_with_inverse_variances():
    members, y = world(rows=100_000)
    want = np.array([4.0, 1.0, 0.25])
    np.testing.assert_allclose(stack_weights(members, y, equal(3)), want / want.sum(), atol=0.02)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 1e4))
def test_the_unit_of_the_target_does_not_matter(seed, scale):
    members, y = world(seed, rows=30)
    plain, scaled = stack_weights(members, y, equal(3)), stack_weights(scale * members, scale * y, equal(3))
    np.testing.assert_allclose(plain, scaled, atol=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_shares_are_shares_and_a_strong_prior_is_kept(seed):
    members, y = world(seed, rows=20)
    prior = np.array([0.2, 0.3, 0.5])
    found = stack_weights(members, y, prior, strength=1e9)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, prior, atol=1e-3)


def test_edges():
    assert stack_weights(np.empty((2, 0)), np.empty(0), equal(2)).tolist() == [0.5, 0.5]
    with pytest.raises(InputError, match="for 2 shares and 3 rows"):
        stack_weights(np.ones((3, 3)), np.ones(3), equal(2))
