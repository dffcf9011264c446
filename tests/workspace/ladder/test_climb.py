"""The ladder: honest scores, cheapest first, within the budget, and clear about what it did not try."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modicum.core import LabelSpace
from modicum.workspace.budget import Clock
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder import climb as climbing
from modicum.workspace.ladder.climb import Plan, climb, run_fold
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import Recipe, Step

NAMES = Recipe("names", 0, (Step("heads.NameSimilarity"),))
MEANS = Recipe("class means", 1, (Step("heads.ClassMean"),), pooled=True)
LINEAR = Recipe("linear", 1, (Step("heads.Linear"),), pooled=True)
SELF = Recipe("self-training", 2, (Step("labels.BalancedSelfTraining"),))


def world(n=60, classes=3, noise=0.5, seed=0, names=True, labelled=1.0):
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(classes, 6))
    codes = np.arange(n) % classes
    X = (centres[codes] + noise * rng.normal(size=(n, 6))).astype(np.float32)
    mask = np.arange(n) < labelled * n
    space = LabelSpace(tuple(f"class {chr(97 + k)}" for k in range(classes)))
    return Problem(X, codes, mask, space, centres.astype(np.float32) if names else None)


def run(problem, recipes, budget=60.0, **plan):
    return climb(problem, recipes, Clock(budget), plan=Plan(**plan), executor=LocalExecutor(1))


def test_every_row_is_scored_once_a_repeat_by_a_model_that_never_saw_it():
    problem = world(noise=0.2)
    climbed = run(problem, [MEANS], repeats=2)
    scores = climbed.trials[0].scores
    assert scores.shape == (2, 60, 3)
    assert np.isfinite(scores).all()
    assert (scores.argmax(axis=2) == problem.y).all()


def test_labels_without_meaning_score_at_chance():
    problem = world(n=300, noise=100.0)
    scores = run(problem, [LINEAR], repeats=1).trials[0].scores
    accuracy = (scores[0].argmax(axis=1) == problem.y).mean()
    assert accuracy == pytest.approx(1 / 3, abs=0.1)


def test_a_spent_budget_skips_all_but_the_first_and_says_why():
    climbed = run(world(), [MEANS, LINEAR], budget=1e-9)
    first, second = climbed.trials
    assert first.tried
    assert not second.tried
    assert "budget" in second.reason


def test_what_was_skipped_takes_no_later_repeats_from_the_others(monkeypatch):
    seconds = {"class means": 0.2, "linear": 30.0}
    now = [0.0]

    def fold(recipe, bank, split):
        now[0] += seconds[recipe.name]
        return replace(run_fold(recipe, bank, split), seconds=seconds[recipe.name])

    monkeypatch.setattr(climbing, "run_fold", fold)
    clock = Clock(50.0, now=lambda: now[0])
    climbed = climb(world(), [MEANS, LINEAR], clock, plan=Plan(folds=5, repeats=3), executor=LocalExecutor(1))
    means, linear = climbed.trials
    assert "it needs about 120 s more" in linear.reason
    assert (linear.seconds, clock.left()) == (30.0, pytest.approx(17.0))
    assert climbed.repeats == len(means.scores) == 3


def test_what_makes_no_sense_is_not_tried():
    climbed = run(world(names=False), [NAMES, MEANS, SELF])
    reasons = {trial.recipe.name: trial.reason for trial in climbed.trials}
    assert reasons["names"] == "the class names say nothing"
    assert reasons["class means"] is None
    assert reasons["self-training"] == "there is no unlabelled row to learn from"


def test_one_label_a_class_is_scored_but_not_taken_for_evidence():
    climbed = run(world(n=30, labelled=0.1), [MEANS])
    assert climbed.trials[0].scores.shape[1] == 3
    assert not climbed.represented.any()


def test_no_label_at_all_measures_nothing():
    climbed = run(world(labelled=0.0), [NAMES])
    assert climbed.tried == ()
    assert climbed.trials[0].reason == "no labelled row to measure it on"


def test_a_single_group_of_labelled_rows_measures_nothing():
    problem = world()
    one = replace(problem, labelled=np.arange(60) < 1)
    several = replace(problem, labelled=np.arange(60) < 9, groups=np.arange(60) // 9)
    for told in (one, several):
        climbed = run(told, [NAMES])
        assert climbed.tried == ()
        assert not climbed.measurable
        assert climbed.trials[0].reason == "fewer than two groups of labelled rows to measure it on"


def test_same_seed_same_scores_on_any_number_of_workers():
    problem = world(labelled=0.5)
    one, two = (
        climb(problem, [SELF], Clock(60), plan=Plan(repeats=1), executor=LocalExecutor(workers)) for workers in (1, 2)
    )
    np.testing.assert_allclose(one.trials[0].scores, two.trials[0].scores, rtol=1e-4, atol=1e-4)


def test_time_ordered_rows_of_the_first_block_are_never_held_out():
    problem = world()
    timed = Problem(problem.X, problem.codes, problem.labelled, problem.space, None, times=np.arange(60.0))
    climbed = run(timed, [MEANS])
    assert climbed.repeats == 1
    held = climbed.folds[0] >= 0
    assert not held[0]
    assert held[-1]
    assert np.isnan(climbed.trials[0].scores[0][~held]).all()
