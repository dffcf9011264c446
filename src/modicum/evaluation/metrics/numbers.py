"""Figures for targets that are numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_values
from modicum.core.errors import InputError


@dataclass(frozen=True)
class NumberScores:
    """How far predicted numbers are off, in the unit of the target."""

    mae: float
    """Mean absolute error."""
    rmse: float
    """Root of the mean squared error."""
    r2: float
    """Share of the variance that is explained: 1 at best, 0 for the mean, below for worse; 0 where all are equal."""


def number_scores(y: NDArray[np.floating], predicted: NDArray[np.floating]) -> NumberScores:
    """Figures from true and predicted numbers (N,).

    Raises:
        InputError: There is no row, or the arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> number_scores(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
        NumberScores(mae=0.333..., rmse=0.577..., r2=0.5)
    """
    truth = check_values(y)
    error = truth - check_values(predicted, rows=len(truth), what="predictions")
    if not len(truth):
        raise InputError("there is no row to measure on; give at least one")
    squares, spread = float((error**2).mean()), float(truth.var())
    r2 = 1 - squares / spread if spread > 0 else 0.0
    return NumberScores(float(np.abs(error).mean()), float(np.sqrt(squares)), r2)


@dataclass(frozen=True)
class IntervalFacts:
    """How often intervals hold the truth, and how wide they are."""

    coverage: float
    mean_width: float


def interval_metrics(low: NDArray[np.floating], high: NDArray[np.floating], y: NDArray[np.floating]) -> IntervalFacts:
    """Coverage and mean width of intervals with ends (N,) for true numbers (N,).

    Raises:
        InputError: There is no row.

    Example:
        >>> import numpy as np
        >>> interval_metrics(np.zeros(2), np.ones(2), np.array([0.5, 2.0]))
        IntervalFacts(coverage=0.5, mean_width=1.0)
    """
    truth = check_values(y)
    if not len(truth):
        raise InputError("there is no row to measure on; give at least one")
    inside = (low <= truth) & (truth <= high)
    return IntervalFacts(float(inside.mean()), float(np.mean(np.asarray(high) - low)))
