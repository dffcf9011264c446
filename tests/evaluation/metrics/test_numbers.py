"""Figures of numbers, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from modicum.core import InputError
from modicum.evaluation.metrics import interval_metrics, number_scores


def test_parity_with_scikit_learn():
    rng = np.random.default_rng(0)
    y, told = rng.normal(size=50), rng.normal(size=50)
    found = number_scores(y, told)
    assert found.mae == pytest.approx(reference.mean_absolute_error(y, told))
    assert found.rmse == pytest.approx(reference.root_mean_squared_error(y, told))
    assert found.r2 == pytest.approx(reference.r2_score(y, told))


def test_edges():
    assert number_scores(np.ones(3), np.ones(3)).r2 == 0.0
    assert interval_metrics(np.zeros(2), np.full(2, 4.0), np.array([1.0, 5.0])).mean_width == 4.0
    with pytest.raises(InputError, match="no row to measure on"):
        number_scores(np.empty(0), np.empty(0))
    with pytest.raises(InputError, match="2 predictions for 1 rows"):
        number_scores(np.ones(1), np.ones(2))
