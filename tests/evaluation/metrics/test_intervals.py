"""Wilson's interval: parity with SciPy, coverage, symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from modicum.core import InputError
from modicum.evaluation.metrics import wilson_interval


@pytest.mark.parametrize(("right", "n", "level"), [(8, 10, 0.95), (0, 20, 0.9), (81, 263, 0.95), (5, 5, 0.5)])
def test_parity_with_scipy(right, n, level):
    found = binomtest(right, n).proportion_ci(level, method="wilson")
    assert wilson_interval(right, n, level) == pytest.approx((found.low, found.high), abs=1e-12)


def test_known_world_exact_coverage():
    """Summed over all outcomes of 50 rows, the interval holds the truth about as often as it says."""
    intervals = np.array([wilson_interval(k, 50) for k in range(51)])
    for share in (0.1, 0.5, 0.9):
        inside = (intervals[:, 0] <= share) & (share <= intervals[:, 1])
        assert binom.pmf(np.arange(51), 50, share)[inside].sum() == pytest.approx(0.95, abs=0.025)


@given(st.integers(1, 200), st.floats(0, 1), st.floats(0.5, 0.99))
def test_symmetric_inside_the_range_and_around_the_share(n, share, level):
    k = int(share * n)
    low, high = wilson_interval(k, n, level)
    other = wilson_interval(n - k, n, level)
    assert 0 <= low <= k / n <= high <= 1
    assert (1 - other[1], 1 - other[0]) == pytest.approx((low, high))


@given(st.integers(0, 50), st.floats(0.5, 0.9))
def test_more_certainty_asks_for_a_wider_interval(k, level):
    inner, outer = wilson_interval(k, 50, level), wilson_interval(k, 50, level + 0.05)
    assert outer[1] - outer[0] > inner[1] - inner[0]


def test_edges_and_errors():
    assert wilson_interval(0, 0) == (0.0, 1.0)
    with pytest.raises(InputError, match="3 successes among 2 rows"):
        wilson_interval(3, 2)
    with pytest.raises(InputError, match="level must lie strictly between 0 and 1"):
        wilson_interval(1, 2, 95)
