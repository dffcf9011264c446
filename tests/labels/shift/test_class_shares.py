"""The default estimate of class shares: QuaPy's answer, a world only calibration can read, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.labels.shift import calibrate, class_shares, em_priors, reweighted
from tests.labels.references import world


def test_parity_with_quapy():
    """QuaPy 0.2.3: EMQ(calib='ts', exact_train_prev=True), calibrated on the first 200 rows, shares of the rest."""
    _, codes, sharp, _ = world()
    train = np.bincount(codes[:200], minlength=4) / 200
    found = class_shares(sharp[200:], sharp[:200], codes[:200], train_priors=train, prior_strength=0)
    np.testing.assert_allclose(found.priors, [0.32965, 0.28391, 0.07275, 0.31369], atol=2e-3)


def test_known_world_overconfident_posteriors_are_read_through_the_temperature():
    """Two Gaussians under equal shares; posteriors are sharpened threefold, the batch has shares 0.85 and 0.15."""
    rng = np.random.default_rng(1)

    def posteriors(y):
        second = 3 * (2 * (rng.normal(size=len(y)) + 2 * y) - 2)
        return softmax(np.stack([np.zeros_like(second), second], axis=1))

    codes, batch = rng.integers(0, 2, 5_000), (rng.random(50_000) < 0.15).astype(int)
    held_out, proba = posteriors(codes), posteriors(batch)
    assert class_shares(proba, held_out, codes).priors[1] == pytest.approx(0.15, abs=0.015)
    assert em_priors(proba, np.array([0.5, 0.5])).priors[1] > 0.17


@given(st.integers(0, 2**32 - 1))
def test_order_of_classes_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    proba, held_out, codes = (
        rng.dirichlet(np.ones(4), size=30),
        rng.dirichlet(np.ones(4), size=20),
        rng.integers(0, 4, 20),
    )
    order = rng.permutation(4)
    plain = class_shares(proba, held_out, codes)
    turned = class_shares(proba[:, order], held_out[:, order], np.argsort(order)[codes])
    np.testing.assert_allclose(turned.priors, plain.priors[order], atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_sharpened_posteriors_give_the_same_shares(seed):
    """A temperature is what calibration undoes, whatever it was."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 3, 200)
    scores = rng.normal(size=(300, 3))
    scores[np.arange(200), codes] += 1.5
    plain, sharp = (
        class_shares(softmax(t * scores[200:]), softmax(t * scores[:200]), codes, prior_strength=0).priors
        for t in (1.0, 2.0)
    )
    np.testing.assert_allclose(plain, sharp, atol=5e-3)


def test_unknown_class_shares_of_the_classifier_are_made_up_for():
    """The classifier learnt under equal shares, the held-out rows have 0.8 and 0.2: biases close the gap."""
    rng = np.random.default_rng(4)
    codes = (rng.random(5_000) < 0.2).astype(int)
    second = 2 * (rng.normal(size=5_000) + 2 * codes) - 2
    held_out = softmax(np.stack([np.zeros(5_000), second], axis=1))
    exact = reweighted(held_out, np.array([0.8, 0.2]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(calibrate(held_out, codes).apply(held_out), exact, atol=0.05)
    assert np.abs(calibrate(held_out, codes, np.array([0.5, 0.5])).apply(held_out) - exact).max() > 0.2


def test_errors():
    with pytest.raises(InputError, match="class shares need at least one unlabelled row"):
        class_shares(np.empty((0, 2)), np.eye(2), np.array([0, 1]))
    with pytest.raises(InputError, match=r"class codes must lie in 0..1"):
        class_shares(np.eye(2), np.eye(2), np.array([0, 2]))
