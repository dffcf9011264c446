"""Weak and clean labels: the surface is found again, the three regimes, the front by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import LabelMix, label_mix, pareto_front

WEAK, CLEAN = (grid.ravel() for grid in np.meshgrid([0, 30, 100, 300, 1_000], [0, 10, 50, 200]))


@given(st.floats(0.1, 0.6), st.floats(0.05, 0.9), st.floats(0.3, 1.0))
def test_parity_with_the_surface_the_mixes_come_from(slope, rate, bend):
    truth = LabelMix(0.7, slope, rate, bend)
    found = label_mix(WEAK, CLEAN, truth.error(WEAK, CLEAN))
    np.testing.assert_allclose(found.error(WEAK, CLEAN), truth.error(WEAK, CLEAN), rtol=0.04)
    np.testing.assert_allclose(found.error([600], [100]), truth.error([600], [100]), rtol=0.04)


def test_known_world_quantity_quality_and_a_mix():
    """A clean label costs ten weak ones. Worth a half each, weak ones win; worth a hundredth, clean ones; and where
    they soon say nothing new, a few weak ones go first."""
    price = {"weak_cost": 1.0, "clean_cost": 10.0}
    assert LabelMix(1.0, 0.3, 0.5, 1.0).best(1_000, **price) == (1_000, 0)
    assert LabelMix(1.0, 0.3, 0.01, 1.0).best(1_000, **price) == (0, 100)
    weak, clean = LabelMix(1.0, 0.3, 1.0, 0.5).best(1_000, **price)
    assert 0 < weak < 100
    assert 90 <= clean < 100


@given(st.integers(0, 2**32 - 1))
def test_parity_of_the_front_with_brute_force(seed):
    local = np.random.default_rng(seed)
    cost, error = local.integers(0, 8, 12).astype(float), local.random(12).round(1)
    beaten = [
        any(
            (cost[b] <= cost[a] and error[b] <= error[a] and (cost[b], error[b]) != (cost[a], error[a]))
            for b in range(12)
        )
        for a in range(12)
    ]
    front = pareto_front(cost, error)
    points = {(cost[a], error[a]) for a in range(12) if not beaten[a]}
    assert {(cost[a], error[a]) for a in front} == points
    assert (np.diff(error[front]) < 0).all()


@given(st.floats(0, 5_000), st.floats(0.1, 3), st.floats(1, 30))
def test_the_budget_is_kept(budget, weak_cost, clean_cost):
    weak, clean = LabelMix(1.0, 0.3, 0.3, 0.7).best(budget, weak_cost=weak_cost, clean_cost=clean_cost)
    assert weak * weak_cost + clean * clean_cost <= budget * (1 + 1e-9) + 1e-6


def test_useless_labels_give_a_flat_surface():
    assert label_mix(WEAK, CLEAN, np.full(20, 0.4)).error([5_000], [5_000])[0] == pytest.approx(0.4, abs=1e-6)


def test_errors():
    with pytest.raises(InputError, match="give five or more of each"):
        label_mix([1, 2], [1, 2], [0.1, 0.2])
    with pytest.raises(InputError, match="errors above 0 and at most 1"):
        label_mix([1] * 5, [1] * 5, [0.0] * 5)
    with pytest.raises(InputError, match="cost of labels above 0"):
        LabelMix(1.0, 0.3, 0.5, 1.0).best(10, weak_cost=0, clean_cost=1)
    with pytest.raises(InputError, match="give one of each for every mix"):
        pareto_front([1, 2], [0.1])
