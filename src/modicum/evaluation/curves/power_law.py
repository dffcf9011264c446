"""Power law of learning: how far would more labels bring the error down?

The question: is it worth labelling another two hundred rows? Errors of a learner fall about as a power of the number
of labelled rows, so that on logarithmic scales the curve is a line; its slope is estimated from errors at several
numbers of rows, held by a prior from other tables, for a handful of labels says little about a slope. The forecast is
an interval. Do not use it far beyond what was measured (ten times as many labels), near the error that no label can
remove, or where the rows to come are not like those at hand.

Paper: "Learning Curves: Asymptotic Values and Rate of Convergence" (Cortes et al. 1993). Changed: the asymptote is 0,
as few points cannot tell it; the slope has a normal prior; the forecast allows for the luck of which rows get labelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError

CARD = Card(
    name="power_law",
    room="evaluation",
    question="curves",
    summary="Slope of the error over labelled rows, and what more of them should bring, as an interval",
    paper="Learning Curves: Asymptotic Values and Rate of Convergence",
    year=1993,
    needs=("labels",),
    cost="O(points)",
    tags=("learning curve", "forecast"),
)

SLOPE, SLOPE_SD = 0.2, 0.12
"""Prior of the slope: errors from 1 to 16 labels a class on three tables fall by 5 to 22 % with each doubling."""
LUCK = 0.05
"""Standard deviation of the logarithm of the error over draws of rows to label."""


@dataclass(frozen=True, eq=False)
class Expected:
    """Accuracies (P,) to be expected, with the ends of their intervals."""

    accuracy: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class PowerLaw:
    """error(n) = constant * n ** -slope, of which the slope is known with a standard deviation."""

    slope: float
    slope_sd: float

    def forecast(
        self, at: ArrayLike, *, labels: float, accuracy: float, se: float = 0.0, level: float = 0.8
    ) -> Expected:
        """Accuracies at other numbers of labels.

        Args:
            at: Numbers of labelled rows (P,), above 0.
            labels: Number of labelled rows with which `accuracy` was measured.
            accuracy: Measured accuracy, 0 to 1.
            se: Its standard error; 0 gives the interval of the change alone.
            level: Probability of the interval, 0 to 1.

        Raises:
            InputError: `level` is not between 0 and 1.

        Example:
            >>> found = PowerLaw(0.5, 0.0).forecast([400], labels=100, accuracy=0.8)
            >>> found.accuracy.round(3).tolist()
            [0.9]
        """
        check_fraction(level, "level")
        error = min(max(1 - accuracy, 1e-3), 1.0)
        reach = np.log(np.asarray(at, dtype=np.float64) / labels)
        centre = np.log(error) - self.slope * reach
        spread = np.sqrt((se / error) ** 2 + (reach * self.slope_sd) ** 2 + np.where(reach == 0, 0.0, LUCK) ** 2)
        half = float(stats.norm.ppf(0.5 + level / 2)) * spread
        ends = [1 - np.minimum(np.exp(centre + side * half), 1.0) for side in (0, 1, -1)]
        return Expected(*ends)


def power_law(
    labels: ArrayLike, errors: ArrayLike, se: ArrayLike, *, slope: float = SLOPE, slope_sd: float = SLOPE_SD
) -> PowerLaw:
    """Estimate the slope from errors at several numbers of labelled rows.

    Args:
        labels: Numbers of labelled rows (P,), above 0.
        errors: Share of wrong answers with each (P,), 0 to 1.
        se: Standard errors of these (P,), at least 0.
        slope: Prior mean.
        slope_sd: Prior standard deviation, above 0.

    Returns:
        Posterior mean and standard deviation of the slope; the prior, where there are fewer than two points.

    Raises:
        InputError: The arrays differ in length, or a number is out of its range.

    Example:
        >>> power_law([50, 200, 800], [0.4, 0.2, 0.1], [0.001, 0.001, 0.001]).slope
        0.49...
    """
    n, e, s = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (labels, errors, se))
    if not n.shape == e.shape == s.shape:
        raise InputError(f"{len(n)} numbers of labels, {len(e)} errors, {len(s)} standard errors; give one of each")
    if (n <= 0).any() or (e < 0).any() or (e > 1).any() or (s < 0).any() or not slope_sd > 0:
        raise InputError("numbers of labels and slope_sd must be above 0, errors 0 to 1, standard errors at least 0")
    if len(np.unique(n)) < 2:
        return PowerLaw(slope, slope_sd)
    floor = np.maximum(e, 1e-3)
    precision = 1 / np.maximum(s / floor, 1e-2) ** 2
    x, y = np.log(n), np.log(floor)
    x, y = x - precision @ x / precision.sum(), y - precision @ y / precision.sum()
    evidence, prior = float(precision @ x**2), slope_sd**-2
    return PowerLaw(
        (prior * slope - float(precision @ (x * y))) / (prior + evidence), float((prior + evidence) ** -0.5)
    )
