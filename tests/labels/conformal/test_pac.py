"""PAC thresholds: the binomial bound by hand, its confidence over calibration sets, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import pac_threshold, threshold


@pytest.mark.parametrize(("rows", "above"), [(28, None), (29, 0), (45, 0), (46, 1), (60, 1), (61, 2), (1_000, 84)])
def test_parity_with_tables_of_the_binomial_bound(rows, above):
    """Wilks: 29, 46 and 61 rows are the least that allow 0, 1 and 2 misses at risk 0.1, confidence 0.95.

    Binomial(1000, 0.1) is at most 84 with probability 0.0485 and at most 85 with 0.0607 (sums with exact integers).
    """
    found = pac_threshold(np.arange(float(rows)), 0.1)
    assert found == (np.inf if above is None else rows - 1 - above)


def test_known_world_few_calibration_sets_miss_more_than_promised():
    """Scores are uniform, so the threshold is the true coverage; half of plain thresholds fall short of it."""
    draws = np.random.default_rng(0).random((2_000, 200))
    short = np.mean([pac_threshold(scores, 0.1, delta=0.05) < 0.9 for scores in draws])
    plain = np.mean([threshold(scores, 0.1) < 0.9 for scores in draws])
    assert short <= 0.06
    assert plain > 0.35


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.3), st.floats(0.01, 0.4))
def test_it_is_never_below_the_plain_threshold(seed, epsilon, delta):
    scores = np.random.default_rng(seed).random(150)
    assert pac_threshold(scores, epsilon, delta=delta) >= threshold(scores, epsilon)


@given(st.integers(0, 2**32 - 1), st.integers(1, 300))
def test_more_confidence_never_lowers_it(seed, rows):
    scores = np.random.default_rng(seed).random(rows)
    found = [pac_threshold(scores, 0.1, delta=delta) for delta in (0.2, 0.05, 0.01)]
    assert found == sorted(found)


def test_errors():
    with pytest.raises(InputError, match="epsilon must lie strictly between 0 and 1, not 0"):
        pac_threshold(np.ones(50), 0)
    with pytest.raises(InputError, match="delta must lie strictly between 0 and 1, not 1"):
        pac_threshold(np.ones(50), 0.1, delta=1)
