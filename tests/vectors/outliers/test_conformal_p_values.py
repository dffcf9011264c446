"""Conformal p-values: the definition by loops, uniform on typical rows, the threshold that says the same, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.outliers import alarm_threshold, conformal_p_values

VALUES = st.lists(st.integers(-5, 5), min_size=1, max_size=40)


def test_parity_with_the_definition_by_loops():
    """Equation (4) of the paper, with scores that are higher for typical rows."""
    rng = np.random.default_rng(0)
    scores, known = rng.integers(0, 9, 50).astype(float), rng.integers(0, 9, 30).astype(float)
    expected = [(1 + sum(other <= one for other in known)) / 31 for one in scores]
    np.testing.assert_allclose(conformal_p_values(scores, known), expected)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_known_world_false_alarms_are_the_rank_over_n_plus_one(rate):
    """Without ties a typical row falls under the m-th of n scores with probability m / (n + 1)."""
    rng = np.random.default_rng(1)
    known, fresh = rng.normal(size=(4_000, 49)), rng.normal(size=4_000)
    alarms = np.mean([one < alarm_threshold(row, rate) for one, row in zip(fresh, known, strict=True)])
    exact = np.floor(rate * 50 + 1e-9) / 50
    assert alarms == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4_000))


@given(VALUES, VALUES, st.floats(0.01, 0.99))
def test_the_threshold_says_what_the_p_values_say(scores, known, rate):
    under = np.array(scores) < alarm_threshold(known, rate)
    assert np.array_equal(under, conformal_p_values(scores, known) <= rate + 1e-12)


@given(VALUES, VALUES)
def test_values_rise_with_the_score_and_stay_in_their_range(scores, known):
    found = conformal_p_values(np.sort(scores), known)
    assert (np.diff(found) >= 0).all()
    assert found.min() >= 1 / (len(known) + 1)
    assert found.max() <= 1


def test_nothing_to_rank_and_nothing_to_rank_among():
    assert len(conformal_p_values(np.empty(0), [1.0])) == 0
    assert conformal_p_values([3.0], np.empty(0)).tolist() == [1.0]
    assert alarm_threshold(np.empty(0), 0.5) == -np.inf


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="calibrating scores: row 1 holds NaN or infinity"):
        conformal_p_values([1.0], [0.0, np.nan])
    with pytest.raises(InputError, match="the rate of false alarms must lie strictly between 0 and 1, not 0"):
        alarm_threshold([1.0], 0)
