"""Predictions as columns: own columns first, the table's kept, clashes renamed."""

from __future__ import annotations

import numpy as np

from modicum.core import Table
from modicum.workspace import prediction_columns
from modicum.workspace.model import Predictions


def test_columns():
    table = Table(("0", "1"), ("x", "y"), (None, None), columns={"text": ["x", "y"], "prediction": ["mine", "too"]})
    proba = np.array([[0.75, 0.25], [0.4, 0.6]])
    sets = np.array([[True, False], [True, True]])
    answers = Predictions(np.array([0, 1]), proba, sets, np.array([False, True]))
    assert prediction_columns(table, answers, ("a", "b")) == {
        "id": ["0", "1"],
        "prediction": ["a", "b"],
        "probability": [0.75, 0.6],
        "prediction_set": [["a"], ["a", "b"]],
        "unknown": [False, True],
        "text": ["x", "y"],
        "input_prediction": ["mine", "too"],
    }
