"""Senses: parity with scipy's divergence, a word whose meaning changes, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import adjusted_rand_score

from modicum.core import InputError
from modicum.vectors.topics import word_senses


def occurrences(seed=0, rows=600):
    """Two senses; the second comes up in the second half of the time."""
    rng = np.random.default_rng(seed)
    times = rng.random(rows)
    sense = (rng.random(rows) < np.where(times < 0.5, 0.1, 0.8)).astype(int)
    return 2 * np.eye(20)[sense] + 0.3 * rng.normal(size=(rows, 20)), times, sense


def test_parity_with_scipys_divergence():
    found = word_senses(*occurrences()[:2], np.random.default_rng(0), count=3, periods=5)
    shares = found.over_time.shares
    expected = [jensenshannon(shares[:, t], shares[:, t + 1], base=2) ** 2 for t in range(4)]
    np.testing.assert_allclose(found.drift, expected, atol=1e-12)


def test_known_world_a_new_sense_takes_over():
    X, times, sense = occurrences()
    found = word_senses(X, times, np.random.default_rng(0), periods=4)
    assert adjusted_rand_score(sense, found.codes) > 0.99
    assert found.drift.argmax() == 1
    new = found.codes[sense == 1][0]
    assert found.over_time.trend[new] > 5


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_time_backwards_gives_the_same_drift_backwards(seed):
    X, times, _ = occurrences(seed, rows=80)
    forth = word_senses(X, times, np.random.default_rng(0), count=2, periods=3)
    back = word_senses(X, -times, np.random.default_rng(0), count=2, periods=3)
    np.testing.assert_allclose(forth.drift, back.drift[::-1], atol=1e-9)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32 - 1), periods=st.integers(1, 6))
def test_drift_is_a_share_of_a_bit(seed, periods):
    rng = np.random.default_rng(seed)
    found = word_senses(rng.normal(size=(40, 3)), rng.random(40), rng, count=3, periods=periods)
    known = found.drift[np.isfinite(found.drift)]
    assert len(found.drift) == periods - 1
    assert ((known >= -1e-12) & (known <= 1 + 1e-12)).all()


def test_a_period_without_occurrences_and_errors():
    X, times = np.eye(2)[[0, 1, 0, 1]], np.array([0.0, 0.1, 3.0, 3.0])
    assert np.isnan(word_senses(X, times, np.random.default_rng(0), count=2, periods=3).drift).all()
    with pytest.raises(InputError, match="an occurrence with a vector of zeros"):
        word_senses(np.zeros((3, 2)), np.arange(3.0), np.random.default_rng(0))
    with pytest.raises(InputError, match="2 times for 3 rows"):
        word_senses(np.eye(3), np.arange(2.0), np.random.default_rng(0))
