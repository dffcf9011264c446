"""Thresholds of largest F1: parity with trying all, a known world, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from modicum.core import InputError
from modicum.labels.thresholds import f1_thresholds


def world(seed=0, rows=80, labels=3):
    proba = np.random.default_rng(seed).random((rows, labels))
    return proba, (np.random.default_rng(seed + 1).random(proba.shape) < proba**2).astype(int)


def test_parity_with_trying_every_threshold():
    proba, Y = world()
    found = f1_thresholds(proba, Y, prior_rows=0)
    for k in range(3):
        best = max(f1_score(Y[:, k], proba[:, k] >= t) for t in proba[:, k])
        assert f1_score(Y[:, k], proba[:, k] >= found[k]) == pytest.approx(best)


def test_known_world_the_threshold_is_half_the_best_f1():
    """Lipton et al.: with calibrated probabilities the optimal threshold is half of the F1 it reaches."""
    rng = np.random.default_rng(3)
    proba = rng.random((200_000, 1))
    Y = (rng.random(proba.shape) < proba).astype(int)
    found = f1_thresholds(proba, Y)
    assert found[0] == pytest.approx(f1_score(Y[:, 0], proba[:, 0] >= found[0]) / 2, abs=0.02)


@given(st.integers(0, 2**31), st.floats(0, 100))
def test_thresholds_are_probabilities_and_order_of_rows_is_nothing(seed, prior):
    proba, Y = world(seed, rows=25)
    found = f1_thresholds(proba, Y, prior_rows=prior)
    assert ((found > 0) & (found <= 1)).all()
    order = np.random.default_rng(seed).permutation(len(proba))
    np.testing.assert_allclose(found, f1_thresholds(proba[order], Y[order], prior_rows=prior))


@given(st.integers(0, 2**31))
def test_with_a_large_prior_labels_share_one_threshold(seed):
    proba, Y = world(seed, rows=40)
    found = f1_thresholds(proba, Y, prior_rows=1e9)
    assert np.ptp(found) < 0.05


def test_edges():
    assert f1_thresholds(np.full((3, 2), 0.4), np.zeros((3, 2), dtype=int)).tolist() == [0.5, 0.5]
    with pytest.raises(InputError, match="probabilities of shape"):
        f1_thresholds(np.ones((2, 3)), np.eye(2, dtype=int))
