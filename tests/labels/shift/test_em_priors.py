"""Class shares by expectation-maximisation: QuaPy's answer, a recovered shift, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.shift import em_priors
from modicum.labels.shift.em_priors import known_shares
from tests.labels.references import world


def test_parity_with_quapy():
    """QuaPy 0.2.3: EMQ.EM([.4, .3, .2, .1], posteriors of the first 200 rows, epsilon=1e-9)."""
    _, _, sharp, _ = world()
    found = em_priors(sharp[:200], np.array([0.4, 0.3, 0.2, 0.1]), strength=0, steps=1_000, tolerance=1e-12)
    np.testing.assert_allclose(found.priors, [0.122396, 0.218155, 0.308292, 0.351156], atol=2e-6)
    np.testing.assert_allclose(found.proba[0], [0.010253, 0.000431, 0.196698, 0.792618], atol=2e-6)


def test_known_world_shift_is_recovered_from_exact_posteriors():
    """Two Gaussians with known posteriors under equal shares, rows drawn with shares 0.85 and 0.15."""
    rng = np.random.default_rng(1)
    y = (rng.random(50_000) < 0.15).astype(int)
    x = rng.normal(size=len(y)) + 2 * y
    second = 1 / (1 + np.exp(-(2 * x - 2)))
    found = em_priors(np.stack([1 - second, second], axis=1), np.array([0.5, 0.5]))
    assert found.priors[1] == pytest.approx(0.15, abs=0.01)


@given(st.integers(0, 2**32 - 1))
def test_shares_and_posteriors_stay_probabilities(seed):
    rng = np.random.default_rng(seed)
    found = em_priors(rng.dirichlet(np.ones(4), size=30), rng.dirichlet(np.ones(4)) + 1e-3)
    assert found.priors.sum() == pytest.approx(1)
    assert (found.priors > 0).all()
    np.testing.assert_allclose(found.proba.sum(axis=1), 1)


@given(st.integers(0, 2**32 - 1))
def test_a_strong_prior_keeps_the_labelled_shares(seed):
    rng = np.random.default_rng(seed)
    train = rng.dirichlet(np.ones(3)) + 0.01
    found = em_priors(rng.dirichlet(np.ones(3), size=20), train, strength=1e9)
    np.testing.assert_allclose(found.priors, train / train.sum(), atol=1e-6)


def test_errors():
    with pytest.raises(InputError, match="between 0 and 1"):
        em_priors(np.array([[2.0, -1.0]]), np.array([0.5, 0.5]))
    for shares in ([1.0, 0.0], [1.0, 1.0, 1.0]):
        with pytest.raises(InputError, match="train_priors must be 2 numbers above 0, one per class"):
            known_shares(shares, 2)
        with pytest.raises(InputError, match="train_priors must be 2 numbers above 0, one per class"):
            em_priors(np.eye(2), np.array(shares))
    with pytest.raises(InputError, match="class shares need at least one unlabelled row"):
        em_priors(np.empty((0, 2)), np.ones(2), strength=0)
