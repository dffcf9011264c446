"""Balanced self-training: what it is without a pool, what a pool teaches, and what balance does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.labels.weak import BalancedSelfTraining
from modicum.labels.weak.balanced_self_training import balanced_targets


def world(rng, per_class=100, spread=0.35):
    centres = np.array([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
    y = np.repeat(np.arange(3), per_class)
    return centres[y] + spread * rng.normal(size=(len(y), 2)), y


def test_parity_without_a_pool_with_logistic_regression():
    X, y = world(np.random.default_rng(0), per_class=20)
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=2000).fit(X, y)
    np.testing.assert_allclose(
        BalancedSelfTraining(C=1.0).fit(X, y).predict_proba(X), reference.predict_proba(X), atol=1e-3
    )


def test_known_world_the_pool_mends_unlucky_labels():
    """One label a class, taken from the edge of its cloud; the clouds themselves show where the classes are."""
    pool, y = world(np.random.default_rng(1))
    unlucky = np.array([[0.3, 0.45], [-0.75, 0.3], [0.1, -0.5]])
    first = BalancedSelfTraining(rounds=0).fit(unlucky, np.arange(3), X_unlabelled=pool).score(pool, y)
    taught = BalancedSelfTraining(rounds=4).fit(unlucky, np.arange(3), X_unlabelled=pool).score(pool, y)
    assert taught > first + 0.02


@given(st.integers(0, 2**32 - 1))
def test_full_balance_gives_equal_shares_and_none_keeps_them(seed):
    logs = np.log(np.random.default_rng(seed).dirichlet([4, 2, 1], size=200))
    np.testing.assert_allclose(balanced_targets(logs, balance=1.0, steps=200).mean(axis=0), 1 / 3, atol=1e-3)
    np.testing.assert_allclose(balanced_targets(logs, sharpness=2.0, balance=0.0), softmax(2 * logs), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_targets_are_probabilities(seed, balance):
    targets = balanced_targets(np.log(np.random.default_rng(seed).dirichlet(np.ones(4), size=30)), balance=balance)
    np.testing.assert_allclose(targets.sum(axis=1), 1)
    assert (targets >= 0).all()


def test_a_pool_beyond_the_cap_is_drawn_by_the_seed():
    pool, _ = world(np.random.default_rng(2))
    X = np.array([[1.0, 0.0], [-0.5, 0.9], [-0.5, -0.9]])
    heads = [
        BalancedSelfTraining(max_pool=30, random_state=s).fit(X, np.arange(3), X_unlabelled=pool) for s in (0, 0, 1)
    ]
    assert np.array_equal(heads[0].coef_, heads[1].coef_)
    assert not np.array_equal(heads[0].coef_, heads[2].coef_)


def test_an_empty_pool_is_no_pool():
    X, y = np.eye(3), np.arange(3)
    empty = BalancedSelfTraining().fit(X, y, X_unlabelled=np.empty((0, 3)))
    np.testing.assert_array_equal(empty.coef_, BalancedSelfTraining().fit(X, y).coef_)


def test_pool_of_another_width_is_refused():
    with pytest.raises(InputError, match="unlabelled vectors are 2 wide where 3 is expected"):
        BalancedSelfTraining().fit(np.eye(3), np.arange(3), X_unlabelled=np.eye(2))
