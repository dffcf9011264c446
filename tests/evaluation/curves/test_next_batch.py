"""The stopping rule: closed forms, coverage in a simulated world, monotony, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from modicum.core import InputError
from modicum.evaluation.curves import PowerLaw, next_batch
from modicum.evaluation.curves.power_law import LUCK


def test_parity_with_the_closed_form_and_with_the_forecast():
    law = PowerLaw(0.5, 0.0)
    gain = next_batch(law, 300, labels=100, accuracy=0.8)
    assert gain.expected == pytest.approx(0.1)  # four times the labels halve an error of 0.2
    assert gain.expected == pytest.approx(float(law.forecast([400], labels=100, accuracy=0.8).accuracy[0]) - 0.8)


def test_known_world_intervals_and_chances_hold():
    """Errors fall with a slope drawn from the law, times the luck of the rows: 80 % of gains lie inside, and as many
    are worth it as was said."""
    rng, law = np.random.default_rng(1), PowerLaw(0.3, 0.1)
    gain = next_batch(law, 100, labels=200, accuracy=0.7, worth=0.03)
    slopes = rng.normal(0.3, 0.1, 20_000)
    luck = rng.normal(0, LUCK * np.sqrt(100 / 300), 20_000)
    gains = 0.3 * (1 - np.exp(-slopes * np.log(1.5) + luck))
    assert ((gains >= gain.low) & (gains <= gain.high)).mean() == pytest.approx(0.8, abs=0.01)
    assert (gains >= 0.03).mean() == pytest.approx(gain.chance, abs=0.01)


@given(st.floats(0.05, 1), st.floats(0.01, 0.2), st.integers(1, 500), st.integers(10, 5_000), st.floats(0.1, 0.99))
def test_gain_lies_in_its_interval_and_falls_with_what_is_there(slope, doubt, batch, labels, accuracy):
    law = PowerLaw(slope, doubt)
    now = next_batch(law, batch, labels=labels, accuracy=accuracy)
    later = next_batch(law, batch, labels=10 * labels, accuracy=accuracy)
    assert now.low <= now.expected <= now.high <= 1 - accuracy
    assert later.expected <= now.expected


@given(st.floats(0, 0.1), st.floats(0, 0.1))
def test_who_wants_more_stops_earlier(first, second):
    low, high = sorted([first, second])
    law = PowerLaw(0.2, 0.1)
    less, more = (next_batch(law, 50, labels=100, accuracy=0.8, worth=worth) for worth in (low, high))
    assert less.chance >= more.chance
    assert less.stop <= more.stop


def test_a_perfect_model_stops():
    assert next_batch(PowerLaw(0.2, 0.1), 20, labels=100, accuracy=1.0).stop


def test_chance_is_the_normal_tail():
    gain = next_batch(PowerLaw(0.2, 0.0), 100, labels=100, accuracy=0.5, worth=0.0)
    assert gain.chance == pytest.approx(stats.norm.cdf(0.2 * np.log(2) / (LUCK * np.sqrt(0.5))))


def test_errors():
    with pytest.raises(InputError, match="batch and labels must be at least 1, accuracy 0 to 1"):
        next_batch(PowerLaw(0.2, 0.1), 0, labels=100, accuracy=0.8)
    with pytest.raises(InputError, match="patience must lie strictly between 0 and 1"):
        next_batch(PowerLaw(0.2, 0.1), 1, labels=100, accuracy=0.8, patience=1.0)
