"""The learning curve of a table: measured points, the forecast, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import Table
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
