"""Prediction intervals: between which numbers does the truth lie, with a promise?

The question: how far off can a predicted number be? The conformal quantiles of held-out errors are added to the
answer: the upper one on top, the lower one below, each missing half of alpha, so that skewed errors give skewed
intervals. Nothing is supposed of the errors but that new rows are like the old ones. Do not use it where errors grow
with the target: all intervals have one width, too wide here and too narrow there, though right on average; predict
the logarithm then.

Papers: "Distribution-Free Predictive Inference for Regression" (Lei et al. 2018) for held-out errors; "Predictive
Inference with the Jackknife+" (Barber et al. 2021) for errors from cross-validation. Changed: one model, fitted on all
rows, answers in the place of all fold models; both tails have their own quantile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_values
from modicum.labels.conformal.threshold import threshold

CARD = Card(
    name="error_bounds",
    room="labels",
    question="conformal",
    summary="Intervals around predicted numbers from held-out errors, skewed where the errors are",
    paper="Distribution-Free Predictive Inference for Regression",
    year=2018,
    needs=("labels",),
    cost="O(N)",
    tags=("conformal", "intervals", "regression"),
)


def error_bounds(errors: NDArray[np.floating], alpha: float) -> tuple[float, float]:
    """What to add to an answer for the ends of its interval.

    Args:
        errors: True less predicted number (N,) of rows the model did not learn from.
        alpha: Share of intervals that may miss the truth, 0 to 1; half of it on either side.

    Returns:
        Lower and upper bound of a new row's error; infinite where the rows are too few for so small an alpha.

    Raises:
        InputError: The errors are no finite numbers, or alpha is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> error_bounds(np.arange(-9.0, 10.0), 0.2)
        (-8.0, 8.0)
    """
    check_fraction(alpha, "alpha")
    found = check_values(errors, what="errors")
    return -threshold(-found, alpha / 2), threshold(found, alpha / 2)


@dataclass(frozen=True)
class IntervalRule:
    """Intervals for predicted numbers, and in words what they promise."""

    alpha: float
    lower: float
    """Added to the answer for the low end; minus infinity where nothing can be promised."""
    upper: float
    guarantee: str
    calibrated_on: int
    """Rows behind the bounds."""

    def intervals(self, values: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high ends (N,) around answers (N,)."""
        middle: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
        return middle + self.lower, middle + self.upper

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form; an infinite bound is null."""
        ends = {name: value if np.isfinite(value) else None for name, value in self._ends().items()}
        return {"alpha": self.alpha, **ends, "guarantee": self.guarantee, "calibrated_on": self.calibrated_on}

    def _ends(self) -> dict[str, float]:
        return {"lower": self.lower, "upper": self.upper}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        lower = -np.inf if told["lower"] is None else float(told["lower"])
        upper = np.inf if told["upper"] is None else float(told["upper"])
        return cls(float(told["alpha"]), lower, upper, str(told["guarantee"]), int(told["calibrated_on"]))


def interval_rule(errors: NDArray[np.floating], *, alpha: float, crossed: bool = True) -> IntervalRule:
    """Rule from held-out errors (N,), true less predicted.

    Args:
        errors: Errors of rows that were held out.
        alpha: Share of intervals that may miss the truth.
        crossed: Whether the rows were held out fold by fold, and also taught the model that will answer; else nothing
            was learnt from them, and the promise is proven.

    Raises:
        InputError: As `error_bounds`.
    """
    lower, upper = error_bounds(errors, alpha)
    told = (
        f"{100 * (1 - alpha):.3g} % of the intervals hold the true number, on average over rows like the labelled ones"
    )
    if crossed:
        bound = max(1 - 2 * alpha, 0)
        how = (
            f"About {told}: calibrated on {len(errors):,} labelled rows, each predicted by a model that did not see "
            f"it; the proven bound for the closely related jackknife+ is {100 * bound:.3g} %"
        )
    else:
        how = f"At least {told}: calibrated on {len(errors):,} rows that nothing else was learnt from"
    if not np.isfinite(upper - lower):
        how += "; these are too few for so small an alpha, so no end can be given"
    return IntervalRule(alpha, lower, upper, f"{how}.", len(errors))
