"""Distilled vectors: the head of scikit-learn's ridge regression on all rows, reduced rank, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from modicum.core import InputError
from modicum.core.arrays import one_hot
from modicum.data.distill import distill_vectors, fit_distilled


def world(seed=0, rows=300, width=10, classes=4, spread=1.0):
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(classes), rng.integers(0, classes, rows - classes)])
    return rng.normal(size=(classes, width))[codes] + spread * rng.normal(size=(rows, width)), codes


@pytest.mark.parametrize("ridge", [0.1, 5.0])
def test_parity_a_ridge_learnt_from_four_rows_is_the_one_learnt_from_all(ridge):
    """Both sides by scikit-learn: kernel ridge regression on the made rows, ridge regression on all."""
    X, codes = world()
    made = distill_vectors(X, one_hot(codes, 4), ridge=ridge)
    everything = Ridge(alpha=ridge, fit_intercept=False).fit(X, one_hot(codes, 4))
    few = KernelRidge(alpha=made.ridge, kernel="linear").fit(made.vectors, made.targets)
    assert made.vectors.shape == (4, 10)
    np.testing.assert_allclose(few.predict(X), everything.predict(X), atol=1e-8)
    np.testing.assert_allclose(X @ fit_distilled(made), few.predict(X), atol=1e-8)


def test_known_world_targets_of_rank_two_need_two_rows():
    X, _ = world()
    Y = X @ np.random.default_rng(1).normal(size=(10, 2)) @ np.random.default_rng(2).normal(size=(2, 6))
    made = distill_vectors(X, Y, 2, ridge=1e-6)
    np.testing.assert_allclose(X @ fit_distilled(made), Y, atol=1e-4)
    assert len(distill_vectors(X, Y, ridge=1e-6).vectors) == 2, "more rows than directions are not made"


def test_no_head_of_the_rank_has_a_smaller_loss():
    X, codes = world()
    Y, rng = one_hot(codes, 4), np.random.default_rng(0)

    def loss(W):
        return ((X @ W - Y) ** 2).sum() + 0.5 * (W**2).sum()

    best = loss(fit_distilled(distill_vectors(X, Y, 2, ridge=0.5)))
    full = np.linalg.solve(X.T @ X + 0.5 * np.eye(10), X.T @ Y)
    for _ in range(200):
        sides = np.linalg.qr(rng.normal(size=(4, 2)))[0]
        assert loss(full @ sides @ sides.T) >= best - 1e-9


def test_any_linear_head_can_be_taught():
    X, _ = world()
    W = np.random.default_rng(3).normal(size=(10, 3))
    np.testing.assert_allclose(fit_distilled(distill_vectors(X, X @ W, ridge=1e-9)), W, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_as_many_rows_as_wanted(seed, points):
    X, codes = world(seed, rows=60)
    made = distill_vectors(X, one_hot(codes, 4), points)
    assert made.vectors.shape == (points, 10)
    assert made.targets.shape == (points, 4)
    assert np.isfinite(made.targets).all()


@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_never_matters(seed):
    X, codes = world(seed, rows=60)
    order = np.random.default_rng(seed).permutation(60)
    one, other = (fit_distilled(distill_vectors(X[rows], one_hot(codes[rows], 4))) for rows in (slice(None), order))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_errors():
    X, codes = world(rows=20)
    with pytest.raises(InputError, match="5 rows cannot be made; 4 teach all"):
        distill_vectors(X, one_hot(codes, 4), 5)
    with pytest.raises(InputError, match="ridge must be above 0, not 0"):
        distill_vectors(X, one_hot(codes, 4), ridge=0)
    with pytest.raises(InputError, match="targets have 19 rows where the table has 20"):
        distill_vectors(X, one_hot(codes, 4)[1:])
