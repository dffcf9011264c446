"""Micro F1 of a known world, the lines that its scores go through, and labels that were flipped."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core.records import LabelSpace
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.loop.forms import SeveralLabels
from modicum.workspace.loop.forms.judged import Lines, marking, measure_sets
from modicum.workspace.loop.measured import gain, law_of
from modicum.workspace.targets.labels import rarest
from tests.workspace.loop.worlds import THEMES, tags_world

NUMBERS = (7, 3, 5)


def problem_of(rows=140, flips=(), labelled=120):
    _, X, truth = tags_world(rows)
    Y = np.array([[int(code in found) for code in range(3)] for found in truth], dtype=np.uint8)
    for row, code in flips:
        Y[row, code] ^= 1
    known = np.arange(rows) < labelled
    return Problem(X, rarest(Y, known), known, LabelSpace(THEMES), None, targets=Y)


def test_micro_f1_of_a_plain_world_is_high_and_wrong_labels_are_found():
    flips = [(1, 1), (9, 1), (17, 0)]
    problem, form = problem_of(flips=flips), SeveralLabels("|")
    recipe = form.recipe(problem, 0)
    assert recipe.name == "one-vs-rest"
    found = measure_sets(problem, NUMBERS, recipe, np.zeros(140, dtype=bool))
    assert found.low < found.accuracy < found.high
    assert found.accuracy > 0.9
    assert (found.rows, found.fair) == (120, False)
    assert {suspect.row for suspect in found.suspects} >= {1, 9, 17}
    first = next(suspect for suspect in found.suspects if suspect.row == 9)
    assert first.better == (3,), "row 9 is about sport, which was taken away"
    fitted = form.fit(recipe, problem, 0)
    proba = found.scale.proba(fitted.scores(problem.X), NUMBERS)
    given = found.scale.expected(proba, NUMBERS)
    assert (given[120:] == problem.targets[120:]).mean() > 0.95


def test_rows_that_chance_picked_alone_tell_it_once_there_are_enough():
    problem = problem_of()
    recipe = SeveralLabels("|").recipe(problem, 0)
    chance = np.arange(140) < 25
    found = measure_sets(problem, NUMBERS, recipe, chance)
    assert (found.rows, found.fair) == (25, True)
    every = measure_sets(problem, NUMBERS, recipe, np.zeros(140, dtype=bool))
    assert found.high - found.low > every.high - every.low


def test_too_few_rows_or_no_label_at_all_tell_nothing():
    form = SeveralLabels("|")
    few = problem_of(labelled=9)
    assert measure_sets(few, NUMBERS, form.recipe(few, 0), np.zeros(140, dtype=bool)) is None
    bare = problem_of()
    bare.targets[:] = 0
    assert measure_sets(bare, NUMBERS, form.recipe(bare, 0), np.zeros(140, dtype=bool)) is None


def test_a_label_that_cannot_be_told_is_not_marked_below_one_half():
    rng = np.random.default_rng(0)
    truth = (rng.random((200, 2)) < 0.2).astype(np.uint8)
    proba = np.stack([np.full(200, 0.2) + 0.01 * rng.random(200), np.where(truth[:, 1], 0.4, 0.1)], axis=1)
    hopeless, good = marking(proba, truth)
    assert hopeless >= 0.5
    assert 0.1 < good <= 0.4


def test_lines_follow_the_numbers_of_classes():
    lines = Lines({4: (2.0, 1.0, 0.9)})
    proba = lines.proba(np.array([[0.0, 0.0]]), (4, 8))
    assert proba[0] == pytest.approx([1 / (1 + np.exp(-1)), 0.5])
    assert lines.expected(proba, (4, 8)).tolist() == [[False, True]]
    assert lines.proba(np.zeros((2, 0)), ()).shape == (2, 0)


def test_the_curve_tells_only_once_its_own_points_do():
    form = SeveralLabels("|")
    points = [(float(n), 0.8 * n**-0.3, 0.02) for n in (10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100)]
    assert form.gain(points[:2]) is None
    assert form.gain(points[:3]) is None
    found = form.gain(points)
    assert found.low < found.expected < found.high
    assert law_of(points, slope_sd=0.5).slope == pytest.approx(0.3, abs=0.03)
    assert gain(points).expected > 0
