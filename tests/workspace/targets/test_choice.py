"""The choice among losses: the cheapest within the tolerance, and resolved differences overrule the prior."""

from __future__ import annotations

import numpy as np

from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.recipes import Recipe
from modicum.workspace.targets.choice import Candidate, choose, kept_members


def candidate(name, losses):
    trial = Trial(Recipe(name, 1, ()))
    return Candidate(name, (trial,), np.ones(1), losses[..., None], losses, np.array([[1.0, 0.0]]))


def climbed(rows):
    folds = np.tile(np.arange(5), rows // 5)[None]
    return Climb((), 1, np.ones((1, rows), dtype=bool), folds)


def test_equal_losses_ship_the_cheaper_one_and_a_clear_lead_the_better():
    rng = np.random.default_rng(0)
    good = rng.random((1, 400))
    same = choose([candidate("cheap", good), candidate("dear", good)], climbed(400), 1.0, 0.005)
    assert same.shipped.name == "cheap"
    clear = choose([candidate("cheap", good + 0.3), candidate("pool", good)], climbed(400), 1.0, 0.005)
    assert clear.shipped.name == "pool"
    assert clear.expected_loss["cheap"] > 0.2
    assert clear.skill(clear.shipped)[0] == 1 - good.mean()


def test_a_tolerance_takes_the_cheaper_one():
    good = np.random.default_rng(1).random((1, 400))
    told = choose([candidate("cheap", good + 0.01), candidate("dear", good)], climbed(400), 1.0, 0.2)
    assert told.shipped.name == "cheap"


def test_small_shares_leave_the_pool():
    assert kept_members(np.array([0.6, 0.02, 0.38])).tolist() == [0, 2]
    assert kept_members(np.array([0.04] * 25)).tolist() == list(range(25))


def test_skill_comes_with_its_standard_error():
    losses = np.tile([0.0, 1.0], 5)[None]
    found = choose([candidate("one", losses), candidate("two", losses + 1)], climbed(10), 2.0, 0.0)
    skill, error = found.skill(found.candidates[0])
    assert skill == 0.75
    np.testing.assert_allclose(error, losses.std(ddof=1) / np.sqrt(10) / 2)


def test_the_prior_of_the_pools_lead_decides_where_rows_cannot():
    good, swing = np.full((1, 40), 5.0), np.tile([1.0, 1, 1, 1, 1, -1, -1, -1, -1, -1], 4)[None]
    expected = {}
    for noise in (1e-4, 0.04, 10.0):
        told = choose([candidate("cheap", good + noise * swing), candidate("pool", good)], climbed(40), 1.0, 0.0)
        expected[noise] = told.expected_loss["cheap"]
    assert 0 <= expected[1e-4] < 1e-4 < expected[0.04] < 0.019 < expected[10.0] < 0.02 + 1e-9


def test_expected_losses_are_shares_of_the_constant_answers_and_nothing_for_the_best():
    good = np.random.default_rng(0).random((1, 400))
    told = choose([candidate("cheap", good), candidate("pool", good + 0.3)], climbed(400), 2.0, 0.005)
    assert told.expected_loss["cheap"] == 0
    np.testing.assert_allclose(told.expected_loss["pool"], 0.15, atol=0.01)


def test_without_a_pool_the_least_loss_is_what_others_are_held_against():
    rng = np.random.default_rng(2)
    good = rng.random((1, 400))
    rows = [candidate("cheap", good + 0.3), candidate("middle", good), candidate("dear", good + 0.1)]
    told = choose(rows, climbed(400), 1.0, 0.0)
    assert told.shipped.name == "middle"
    assert told.expected_loss["middle"] == 0
    assert 0.25 < told.expected_loss["cheap"] < 0.35
    assert 0.05 < told.expected_loss["dear"] < 0.15


def test_a_loss_of_the_whole_tolerance_is_too_much():
    rows = [candidate("cheap", np.full((1, 40), 3.0)), candidate("pool", np.ones((1, 40)))]
    loss = choose(rows, climbed(40), 4.0, 0.0).expected_loss["cheap"]
    assert 0.4 < loss < 0.5, "the prior holds it back a little"
    assert choose(rows, climbed(40), 4.0, loss).shipped.name == "pool"
    assert choose(rows, climbed(40), 4.0, loss + 1e-9).shipped.name == "cheap"


def test_skill_leaves_out_rows_that_were_never_held_out():
    losses = np.array([[0.0, np.nan, 1.0, np.nan], [1.0, np.nan, np.nan, np.nan]])
    found = choose([candidate("one", np.ones((2, 40)))], climbed(40), 1.0, 0.0)
    skill, error = found.skill(candidate("some", losses))
    assert skill == 1 - 0.75
    np.testing.assert_allclose(error, np.std([0.5, 1.0], ddof=1) / np.sqrt(2))
    assert found.skill(candidate("single", np.array([[0.25]]))) == (0.75, 0.0)


def test_a_share_of_a_twentieth_stays_and_of_small_ones_the_largest():
    assert kept_members(np.array([0.95, 0.05])).tolist() == [0, 1]
    assert kept_members(np.array([0.951, 0.049])).tolist() == [0]
    assert kept_members(np.array([0.08, 0.03, 0.0399, 0.04])).tolist() == [0, 3]


def test_a_pool_takes_the_time_of_all_its_members():
    trials = tuple(Trial(Recipe("one", 1, ()), seconds_per_1000=seconds) for seconds in (0.25, 0.5))
    pool = Candidate(
        "pool", trials, np.full(2, 0.5), np.zeros((1, 2, 1)), np.zeros((1, 2)), np.tile([1.0, 0.0], (2, 1))
    )
    assert pool.seconds_per_1000 == 0.75
