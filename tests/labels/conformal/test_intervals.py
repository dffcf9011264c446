"""Conformal intervals: parity with the order statistics, the promise in a known world, properties, edges."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import IntervalRule, error_bounds, interval_rule


def test_parity_with_order_statistics():
    """99 errors, alpha 0.1: the 95th smallest on either side, as in Lei et al. with half of alpha for each tail."""
    errors = np.random.default_rng(0).normal(size=99)
    ranked = np.sort(errors)
    assert error_bounds(errors, 0.1) == (ranked[99 - 95], ranked[94])


def test_known_world_the_promise_holds_for_skewed_errors():
    rng = np.random.default_rng(1)
    held = []
    for _ in range(400):
        rule = interval_rule(rng.exponential(size=60), alpha=0.2, crossed=False)
        low, high = rule.intervals(np.zeros(1))
        held.append(float(np.exp(-max(low[0], 0)) - np.exp(-high[0])))
    assert 0.8 - 3 * np.std(held) / 20 <= np.mean(held) < 0.86


@given(st.integers(0, 2**32 - 1), st.floats(-100, 100), st.floats(0.01, 100))
def test_shift_and_scale_of_errors_are_those_of_the_bounds(seed, shift, scale):
    errors = np.random.default_rng(seed).normal(size=50)
    plain, moved = error_bounds(errors, 0.2), error_bounds(scale * errors + shift, 0.2)
    np.testing.assert_allclose(moved, scale * np.array(plain) + shift, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.45))
def test_a_smaller_alpha_gives_wider_intervals(seed, alpha):
    errors = np.random.default_rng(seed).normal(size=50)
    small, large = error_bounds(errors, alpha), error_bounds(errors, 2 * alpha)
    assert small[0] <= large[0]
    assert small[1] >= large[1]


def test_the_promise_in_words():
    errors = np.arange(1_200.0)
    told = "% of the intervals hold the true number, on average over rows like the labelled ones: calibrated on 1,200"
    seen = "labelled rows, each predicted by a model that did not see it"
    plain = f"{seen}; the proven bound for the closely related jackknife+ is"
    assert interval_rule(errors, alpha=0.05).guarantee == f"About 95 {told} {plain} 90 %."
    assert interval_rule(errors, alpha=0.75).guarantee == f"About 25 {told} {plain} 0 %."
    proven = f"At least 95 {told} rows that nothing else was learnt from."
    assert interval_rule(errors, alpha=0.05, crossed=False).guarantee == proven


def test_an_end_that_cannot_be_given_is_told_beside_one_that_can():
    rule = IntervalRule.from_dict({"alpha": 0.1, "lower": None, "upper": 2.0, "guarantee": "so", "calibrated_on": 9})
    assert rule.to_dict()["lower"] is None
    low, high = rule.intervals(np.array([1, 3]))
    assert (low.tolist(), high.tolist()) == ([-np.inf, -np.inf], [3.0, 5.0])


def test_edges_and_words():
    few = interval_rule(np.arange(3.0), alpha=0.1)
    assert few.intervals(np.zeros(2))[1].tolist() == [np.inf, np.inf]
    assert "too few" in few.guarantee
    assert IntervalRule.from_dict(json.loads(json.dumps(few.to_dict(), allow_nan=False))) == few
    rule = interval_rule(np.arange(100.0), alpha=0.1)
    assert rule.guarantee.endswith("; the proven bound for the closely related jackknife+ is 80 %.")
    assert IntervalRule.from_dict(rule.to_dict()) == rule
    with pytest.raises(InputError, match="row 0 holds NaN"):
        error_bounds(np.array([np.nan]), 0.1)
