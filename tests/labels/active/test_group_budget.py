"""Budget over groups: optimal by brute force, closed forms, the worst off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import split_budget


def value(new, labels, errors, slopes, weights, care=1.0):
    return float((weights * (errors * ((labels + new) / labels) ** -slopes) ** care).sum())


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 3.0]))
def test_parity_with_brute_force(seed, care):
    local = np.random.default_rng(seed)
    labels, errors = local.uniform(5, 50, 2), local.uniform(0.05, 0.6, 2)
    slopes, weights = local.uniform(0.1, 0.8, 2), local.uniform(0.2, 1, 2)
    ours = split_budget(labels, errors, slopes, 60, weights=weights, care=care)
    every = [value(np.array([n, 60 - n]), labels, errors, slopes, weights, care) for n in range(61)]
    assert value(ours, labels, errors, slopes, weights, care) <= min(every) + 2e-4


def test_known_world_equal_groups_share_and_a_dear_one_gets_less():
    assert split_budget([10, 10], [0.3, 0.3], [0.5, 0.5], 100).tolist() == [50, 50]
    cheap, dear = split_budget([10, 10], [0.3, 0.3], [0.5, 0.5], 100, costs=[1, 4])
    assert cheap > dear
    assert cheap + 4 * dear <= 100


def test_known_world_two_power_laws_have_a_closed_form():
    """With one slope s, labels in the end stand as (error * labels ** s) ** (1 / (1 + s))."""
    new = split_budget([100, 100], [0.1, 0.2], [1.0, 1.0], 10_000)
    assert (100 + new[1]) / (100 + new[0]) == pytest.approx(np.sqrt(2), rel=1e-3)


def test_care_moves_labels_to_the_worst_off():
    """Alike learners: the mean prefers the large group, care the one that errs more."""
    settings = {"weights": [0.9, 0.1]}
    mean = split_budget([50, 50], [0.2, 0.5], [0.3, 0.3], 100, **settings)
    worst = split_budget([50, 50], [0.2, 0.5], [0.3, 0.3], 100, care=8.0, **settings)
    assert worst[1] > mean[1]


@given(st.integers(0, 2**32 - 1), st.integers(0, 500))
def test_the_budget_is_kept_and_used_up(seed, budget):
    local = np.random.default_rng(seed)
    groups = int(local.integers(1, 8))
    new = split_budget(
        local.uniform(1, 100, groups), local.uniform(0.01, 1, groups), local.uniform(0.05, 1, groups), budget
    )
    assert (new >= 0).all()
    assert new.sum() == budget


def test_groups_that_do_not_learn_get_nothing():
    assert split_budget([10, 10], [0.3, 0.3], [0.0, 0.2], 20).tolist() == [0, 20]
    assert split_budget([10, 10], [0.0, 0.0], [0.2, 0.2], 20).tolist() == [0, 0]


def test_errors():
    with pytest.raises(InputError, match="one number for each group"):
        split_budget([10], [0.3, 0.3], [0.2, 0.2], 5)
    with pytest.raises(InputError, match="labels and costs must be above 0, errors 0 to 1"):
        split_budget([0], [0.3], [0.2], 5)
