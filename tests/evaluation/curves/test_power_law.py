"""Power law: the line through logarithms, worlds of known slope, what the prior does, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.curves import Expected, PowerLaw, power_law

SIZES = np.array([20, 40, 80, 160])


def test_parity_with_least_squares_on_logarithms():
    errors = np.array([0.41, 0.33, 0.29, 0.2])
    slope, _ = np.polyfit(np.log(SIZES), np.log(errors), 1)
    found = power_law(SIZES, errors, 0.05 * errors, slope_sd=1e6)
    assert found.slope == pytest.approx(-slope, rel=1e-6)


def test_known_slope_is_found_with_the_error_it_claims():
    rng = np.random.default_rng(0)
    deviations = []
    for slope in rng.normal(0.2, 0.12, 400):
        errors = np.minimum(0.5 * (SIZES / 20) ** -slope * np.exp(0.1 * rng.normal(size=4)), 1.0)
        found = power_law(SIZES, errors, 0.1 * errors)
        deviations.append((found.slope - slope) / found.slope_sd)
    assert np.std(deviations) == pytest.approx(1, abs=0.1)


def test_a_forecast_covers_as_often_as_it_says():
    rng = np.random.default_rng(1)
    inside = []
    for slope in rng.normal(0.25, 0.1, 500):
        truth = 1 - np.exp(np.log(0.3) - slope * np.log(3) + 0.05 * rng.normal())
        measured = 1 - 0.3 * np.exp(0.1 * rng.normal())
        band = PowerLaw(0.25, 0.1).forecast([300], labels=100, accuracy=measured, se=0.03)
        inside.append(band.low[0] <= truth <= band.high[0])
    assert np.mean(inside) == pytest.approx(0.8, abs=0.06)


@given(st.floats(0.05, 0.95), st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.1))
def test_more_labels_never_hurt_and_intervals_hold_what_is_expected(accuracy, slope, slope_sd, se):
    found = PowerLaw(slope, slope_sd).forecast([100, 150, 1000], labels=100, accuracy=accuracy, se=se)
    assert isinstance(found, Expected)
    assert (np.diff(found.accuracy) >= 0).all()
    assert ((found.low <= found.accuracy + 1e-12) & (found.accuracy <= found.high + 1e-12)).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()


@given(st.floats(0.1, 0.9), st.floats(0.5, 0.9))
def test_a_higher_level_is_a_wider_interval(accuracy, level):
    law = PowerLaw(0.2, 0.1)
    narrow, wide = (law.forecast([400], labels=100, accuracy=accuracy, level=q) for q in (level, level + 0.05))
    assert wide.low[0] <= narrow.low[0]
    assert wide.high[0] >= narrow.high[0]


def test_without_evidence_the_prior_comes_back():
    for labels in ([], [50], [50, 50]):
        found = power_law(labels, [0.3] * len(labels), [0.1] * len(labels), slope=0.3, slope_sd=0.2)
        assert (found.slope, found.slope_sd) == (0.3, 0.2)
    assert power_law([10, 100], [0.0, 0.0], [0.0, 0.0]).slope == pytest.approx(0, abs=0.01)


def test_errors():
    with pytest.raises(InputError, match="2 numbers of labels, 1 errors"):
        power_law([1, 2], [0.1], [0.1])
    with pytest.raises(InputError, match="numbers of labels and slope_sd must be above 0"):
        power_law([0, 2], [0.1, 0.1], [0.1, 0.1])
    with pytest.raises(InputError, match="level must lie strictly between 0 and 1"):
        PowerLaw(0.2, 0.1).forecast([2], labels=1, accuracy=0.5, level=1.0)
