"""Topics over time: parity with a textbook, chance, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.topics import topics_over_time


def spread_out(counts):
    """Codes and times of rows counted by topic and period."""
    topics, periods = np.indices(counts.shape)
    return np.repeat(topics, counts.ravel()), np.repeat(periods, counts.ravel()).astype(float)


def test_parity_with_agresti():
    """Alcohol and malformations (Agresti, Categorical Data Analysis, section 3.4): with equally spaced scores
    M^2 = 1.83, P = 0.18; M^2 has n - 1 where this statistic has n.
    """
    counts = np.array([[17066, 14464, 788, 126, 37], [48, 38, 5, 1, 1]])
    found = topics_over_time(*spread_out(counts), 2, periods=5)
    assert found.counts.tolist() == counts.tolist()
    assert found.trend[1] ** 2 == pytest.approx(1.83, abs=0.005)
    assert found.p_value[1] / 2 == pytest.approx(0.18, abs=0.005)


def test_without_a_trend_one_in_twenty_is_called():
    rng = np.random.default_rng(0)
    called = [(topics_over_time(rng.integers(0, 5, 500), rng.random(500), 5).p_value < 0.05).any() for _ in range(400)]
    assert np.mean(called) == pytest.approx(0.05, abs=0.025)


@given(seed=st.integers(0, 2**32 - 1), periods=st.integers(1, 9))
def test_every_row_is_counted_once_and_time_has_no_unit(seed, periods):
    rng = np.random.default_rng(seed)
    codes, times = rng.integers(0, 3, 40), rng.integers(0, 64, 40).astype(float)
    found = topics_over_time(codes, times, 3, periods=periods)
    assert found.counts.sum(axis=1).tolist() == np.bincount(codes, minlength=3).tolist()
    moved = topics_over_time(codes, 4 * times + 1024, 3, periods=periods)
    assert moved.counts.shape == found.counts.shape
    np.testing.assert_allclose(found.shares.sum(axis=0), found.counts.any(axis=0))


@given(seed=st.integers(0, 2**32 - 1))
def test_time_backwards_turns_every_trend(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 9, size=(3, 4))
    forth, back = (topics_over_time(*spread_out(c), 3, periods=4) for c in (counts, counts[:, ::-1]))
    np.testing.assert_allclose(forth.trend, -back.trend, atol=1e-9)


def test_one_time_only_and_errors():
    found = topics_over_time(np.array([0, 1]), np.array([5.0, 5.0]), 2)
    assert found.counts.tolist() == [[1], [1]]
    assert found.trend.tolist() == [0, 0]
    with pytest.raises(InputError, match="a row and a period at least"):
        topics_over_time(np.array([], int), np.array([]), 2)
    with pytest.raises(InputError, match="times: row 1 holds NaN"):
        topics_over_time(np.array([0, 1]), np.array([0.0, np.nan]), 2)
