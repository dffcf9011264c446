"""Pooling weights: parity with a general optimiser (SLSQP), worlds with known answers, properties, edges."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from modicum.core import InputError
from modicum.core.arrays import log_softmax
from modicum.evaluation.stats import linear_pool, log_pool, pool_weights

seeds = st.integers(0, 2**32 - 1)
POOLS = {"log-linear": log_pool, "linear": linear_pool}


def world(rng, rows=60, classes=4, skill=(2.0, 1.0, 0.0)):
    """Members (M, N, K) whose scores lift the true class by their skill."""
    codes = rng.integers(0, classes, rows)
    scores = rng.normal(size=(len(skill), rows, classes))
    scores[:, np.arange(rows), codes] += np.array(skill)[:, None]
    return log_softmax(scores), codes


def objective(weights, log_proba, codes, prior, strength, pool):
    """What is minimised, written down again from its definition."""
    truth = POOLS[pool](log_proba, weights)[np.arange(len(codes)), codes]
    return -truth.sum() + strength * np.sum(weights * np.log(weights / prior))


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("strength", [0.5, 5.0])
def test_parity_with_a_general_optimiser(pool, strength):
    log_proba, codes = world(np.random.default_rng(0))
    prior = np.array([0.2, 0.3, 0.5])
    reference = minimize(
        lambda shares: objective(shares, log_proba, codes, prior, strength, pool),
        prior,
        method="SLSQP",
        bounds=[(1e-9, 1)] * 3,
        constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        options={"ftol": 1e-13},
    )
    ours = pool_weights(log_proba, codes, prior, strength=strength, pool=pool)
    np.testing.assert_allclose(ours, reference.x, atol=2e-4)
    assert np.abs(ours - prior).max() > 0.05, "the evidence must move the shares for this to be a test"


def test_known_world_two_members_by_hand():
    """Without a prior all goes to the member that tells more; a linear pool of two that mirror each other is even."""
    right, blind = np.log([[0.8, 0.2]] * 10), np.log([[0.5, 0.5]] * 10)
    codes, equal = np.zeros(10, dtype=int), np.array([0.5, 0.5])
    assert pool_weights(np.stack([right, blind]), codes, equal, strength=0)[0] == pytest.approx(1, abs=1e-3)
    halves = np.log(np.array([[[0.9, 0.1], [0.1, 0.9]], [[0.1, 0.9], [0.9, 0.1]]]))
    skewed = np.array([0.9, 0.1])
    ours = pool_weights(halves, np.array([0, 0]), skewed, strength=0, pool="linear")
    np.testing.assert_allclose(ours, 0.5, atol=1e-3)


@pytest.mark.parametrize("pool", POOLS)
def test_known_world_a_useless_member_fades_with_evidence(pool):
    shares = []
    for rows in (10, 100, 1_000, 10_000):
        log_proba, codes = world(np.random.default_rng(1), rows, skill=(2.0, 0.0))
        shares.append(pool_weights(log_proba, codes, np.array([0.5, 0.5]), pool=pool)[1])
    assert (np.diff(shares) < 1e-6).all()
    assert shares[0] > 0.1
    assert shares[-1] < (0.01 if pool == "log-linear" else 0.05)


def test_known_world_a_member_that_is_always_right_gets_nearly_all():
    """At a confidence of 0.87: were it sure, the others could keep a share without cost."""
    log_proba, codes = world(np.random.default_rng(2), 2_000, skill=(0.0, 1.0, 0.0))
    log_proba[2] = log_softmax(3 * np.eye(4)[codes])
    assert pool_weights(log_proba, codes, np.full(3, 1 / 3))[2] > 0.99


@pytest.mark.parametrize("pool", POOLS)
def test_without_evidence_the_prior_comes_back_exactly(pool):
    log_proba, codes = world(np.random.default_rng(3))
    prior = np.array([0.7, 0.2, 0.1])
    for found in (
        pool_weights(log_proba[:, :0], codes[:0], prior, pool=pool),
        pool_weights(log_proba, codes, prior, strength=np.inf, pool=pool),
        pool_weights(log_proba, codes, prior, row_weight=np.zeros(60), pool=pool),
        pool_weights(log_proba, codes, prior, row_weight=np.zeros(60), strength=0, pool=pool),
    ):
        assert np.array_equal(found, prior)
        assert found is not prior


@given(seeds, st.sampled_from(sorted(POOLS)), st.floats(0.1, 20))
def test_permuting_the_members_permutes_the_weights(seed, pool, strength):
    rng = np.random.default_rng(seed)
    log_proba, codes = world(rng, skill=(2.0, 1.0, 0.5, 0.0))
    prior, order = rng.dirichlet(np.ones(4)) * 0.9 + 0.025, rng.permutation(4)
    plain = pool_weights(log_proba, codes, prior, strength=strength, pool=pool)
    turned = pool_weights(log_proba[order], codes, prior[order], strength=strength, pool=pool)
    np.testing.assert_allclose(turned, plain[order], atol=1e-6)


@given(seeds, st.sampled_from(sorted(POOLS)), st.floats(0, 20))
def test_shares_are_shares_and_no_worse_than_the_prior(seed, pool, strength):
    rng = np.random.default_rng(seed)
    log_proba, codes = world(rng, rows=int(rng.integers(1, 30)))
    prior = np.full(3, 1 / 3)
    found = pool_weights(log_proba, codes, prior, strength=strength, pool=pool)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1)
    inside = np.maximum(found, 1e-200)
    assert objective(inside, log_proba, codes, prior, strength, pool) <= (
        objective(prior, log_proba, codes, prior, strength, pool) + 1e-9
    )


@given(seeds)
def test_a_row_of_weight_two_counts_as_two_rows(seed):
    log_proba, codes = world(np.random.default_rng(seed), rows=20)
    prior, weight = np.full(3, 1 / 3), 1 + np.arange(20) % 2
    twice = np.repeat(np.arange(20), weight)
    np.testing.assert_allclose(
        pool_weights(log_proba, codes, prior, row_weight=weight),
        pool_weights(log_proba[:, twice], codes[twice], prior),
        atol=1e-6,
    )


@given(seeds)
def test_pools_are_normalised_and_know_their_corners(seed):
    log_proba, _ = world(np.random.default_rng(seed), rows=5)
    for pool in POOLS.values():
        np.testing.assert_allclose(np.exp(pool(log_proba, np.array([0.5, 0.3, 0.2]))).sum(axis=1), 1)
        np.testing.assert_allclose(pool(log_proba, np.array([0.0, 1.0, 0.0])), log_proba[1])


def test_a_member_that_rules_out_the_truth_is_silenced():
    """A head gives a class it has never seen a log-probability of -1e6; no other share may suffer from it."""
    log_proba, codes = world(np.random.default_rng(4), skill=(2.0, 2.0, 0.0))
    log_proba[2, np.arange(5), codes[:5]] = -1e6
    found = pool_weights(log_proba, codes, np.full(3, 1 / 3))
    assert found[2] < 1e-4
    assert found[:2].min() > 0.2


def test_chunks_change_nothing(monkeypatch):
    log_proba, codes = world(np.random.default_rng(5))
    whole = pool_weights(log_proba, codes, np.full(3, 1 / 3))
    monkeypatch.setattr(importlib.import_module("modicum.evaluation.stats.log_pool"), "CHUNK", 7 * 3 * 4)
    np.testing.assert_allclose(pool_weights(log_proba, codes, np.full(3, 1 / 3)), whole, atol=1e-9)


def test_errors_name_what_is_wrong():
    log_proba, codes = world(np.random.default_rng(6))
    prior = np.full(3, 1 / 3)
    with pytest.raises(InputError, match=r"shape \(3, 60, 4\) and 2 prior shares"):
        pool_weights(log_proba, codes, prior[:2])
    with pytest.raises(InputError, match="59 class codes for 60 rows"):
        pool_weights(log_proba, codes[1:], prior)
    with pytest.raises(InputError, match="prior shares must be above 0 and sum to 1"):
        pool_weights(log_proba, codes, np.array([1.0, 0, 0]))
    with pytest.raises(InputError, match="row weights must be 60 numbers of at least 0"):
        pool_weights(log_proba, codes, prior, row_weight=-np.ones(60))
    with pytest.raises(InputError, match="strength must be at least 0"):
        pool_weights(log_proba, codes, prior, strength=-1.0)
    with pytest.raises(InputError, match="pool 'log-linea' is not known; did you mean 'log-linear'"):
        pool_weights(log_proba, codes, prior, pool="log-linea")
    log_proba[1, 0, 0] = -np.inf
    with pytest.raises(InputError, match="log-probabilities of member 1 are not finite"):
        pool_weights(log_proba, codes, prior)
