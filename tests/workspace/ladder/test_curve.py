"""The learning curve of a table: measured points, the forecast, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import LabelSpace, Table
from modicum.workspace.budget import Clock
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.choice import Candidate
from modicum.workspace.ladder.climb import Climb, Plan, climb
from modicum.workspace.ladder.curve import anchor, measure_curve
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES
from tests.workspace.test_fitting import QUICK, world


def test_points_rise_with_labels_and_the_forecast_goes_on():
    table, X = world(n=400, shots=12, spread=1.6, seed=3)
    curve = modicum.fit(table, vectors=X, **QUICK).report["learning_curve"]
    labels = [point["labels"] for point in curve["points"]]
    assert labels == sorted(labels)
    assert labels[-1] == pytest.approx(48 * 0.8, abs=1)
    assert curve["points"][-1]["accuracy"] > curve["points"][0]["accuracy"]
    expected = [point["accuracy"] for point in curve["forecast"]]
    assert expected == sorted(expected)
    assert [point["labels"] for point in curve["forecast"]] == [48, 72, 96, 144, 192]
    assert all(point["low"] <= point["accuracy"] <= point["high"] for point in curve["forecast"])
    assert curve["said"].startswith("50 more labels: ")


def test_with_two_labels_a_class_the_slope_is_borrowed_and_with_one_nothing_is_said():
    table, X = world(shots=2)
    few = modicum.fit(table, vectors=X, **QUICK).report["learning_curve"]
    assert few["points"] == []
    assert "that of other tables" in few["note"]
    table, X = world(shots=1)
    assert modicum.fit(table, vectors=X, **QUICK).report["learning_curve"] is None


def test_splits_in_time_have_no_curve():
    table, X = world(shots=8)
    timed = Table(table.ids, table.texts, table.labels, times=np.arange(len(table), dtype=float))
    assert modicum.fit(timed, vectors=X, **QUICK).report["learning_curve"] is None


@pytest.mark.parametrize("folds", [[0, 0, 1, 1, 2, 2], [0, 0, 1, 1, -1, -1]])
def test_the_error_of_the_height_is_that_of_the_rows_held_out(folds):
    y, folds = np.array([0, 1, 0, 1, 0, 1]), np.array([folds, folds])
    likely = np.array([0.9, 0.1, 0.9, 0.9, 0.9, 0.1])
    told = np.where(y == 0, likely, 1 - likely)
    log_proba = np.log(np.stack([told, 1 - told], axis=1))[None].repeat(2, axis=0)
    shipped = Candidate("one", (), np.ones(1), np.ones(1), log_proba)
    taught, accuracy, se = anchor(shipped, Climb((), 2, folds >= 0, folds), y)
    held = int((folds[0] >= 0).sum())
    assert (taught, accuracy) == (4, {6: 4 / 6, 4: 3 / 4}[held])
    assert se == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / held))


@pytest.mark.parametrize("unlabelled", [0, 1, 2])
def test_an_unlabelled_class_counts_wherever_it_stands(unlabelled):
    rng, given = np.random.default_rng(0), [k for k in range(3) if k != unlabelled]
    codes = np.repeat(given, [3, 20])
    X = rng.normal(size=(23, 5)).astype(np.float32)
    problem = Problem(X, codes, np.ones(23, bool), LabelSpace(("a", "b", "c")), None)
    recipes, executor = [recipe for recipe in RECIPES if recipe.name == "linear"], LocalExecutor(1)
    climbed = climb(problem, recipes, Clock(60.0), plan=Plan(repeats=1), executor=executor)
    assert measure_curve(problem, climbed, executor, seed=0).points == ()
