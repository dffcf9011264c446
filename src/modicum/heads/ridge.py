"""Ridge regression: which number belongs to each row?

The question: what does a plain linear rule reach when the target is a number? Squared error with a quadratic penalty,
whose strength is the one with the smallest leave-one-out error: one decomposition of the vectors gives that error
exactly for every strength, so nothing is fitted twice. Do not use it where the target is not about linear in the
vectors, or spans several powers of ten: take logarithms first. Single absurd targets pull the whole rule.

Paper: "Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter" (Golub, Heath & Wahba 1979).
Changed: exact leave-one-out (PRESS) in the place of its rotation-invariant form; the mean alone, an infinite strength,
always competes, so that vectors which tell nothing are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.card import Card
from modicum.core.errors import InputError

CARD = Card(
    name="Ridge",
    room="heads",
    question="heads",
    summary="Ridge regression, its strength from the exact leave-one-out error, for targets that are numbers",
    paper="Generalized Cross-Validation as a Method for Choosing a Good Ridge Parameter",
    year=1979,
    needs=("labels",),
    cost="O(N D min(N, D)) once, O(N min(N, D)) for each strength; memory O(min(N, D)^2)",
    tags=("regression", "baseline"),
)

Floats = NDArray[np.floating]
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
FULL = 1 - 1e-9
"""Leverage from which on a row is fitted by itself alone and says nothing of the error."""


@dataclass(frozen=True, eq=False)
class RidgeFit:
    """A fitted rule, and what led to its strength."""

    coef: NDArray[np.float64]
    """Weights (D,)."""
    intercept: float
    strength: float
    """Strength with the smallest error; infinity where the mean alone is best."""
    errors: NDArray[np.float64]
    """Mean squared leave-one-out error (S + 1,) of each strength, that of the mean last."""


def fit_ridge(X: Floats, y: NDArray[np.floating], strengths: Sequence[float] = STRENGTHS) -> RidgeFit:
    """Minimise ||y - X w - b||^2 + strength ||w||^2, with the strength of the smallest leave-one-out error.

    Args:
        X: Vectors (N, D).
        y: Targets (N,).
        strengths: Strengths to choose from, each above 0; none for the mean of y alone.

    Returns:
        The rule and the errors. Cost: O(N D min(N, D)) and O(N min(N, D)) for each strength.

    Raises:
        InputError: A strength is not above 0.

    Example:
        >>> import numpy as np
        >>> found = fit_ridge(np.arange(8.0)[:, None], 3 * np.arange(8.0) + 1, (1e-6, 100.0))
        >>> found.coef.round(3).tolist(), round(found.intercept, 3), found.strength
        ([3.0], 1.0, 1e-06)
    """
    if any(not s > 0 for s in strengths):
        raise InputError(f"strengths of the penalty must be above 0, not {min(strengths):g}")
    n = len(X)
    middle, mean = X.mean(axis=0, dtype=np.float64), float(np.mean(y, dtype=np.float64))
    rows, target = X - middle, np.asarray(y, dtype=np.float64) - mean
    values, U, V = _decomposed(rows)
    shown = U.T @ target
    errors = np.array([_left_out(U, values, shown, target, s) for s in strengths] + [_error_of_mean(target, n)])
    best = int(errors.argmin())
    if best == len(strengths):
        return RidgeFit(np.zeros(X.shape[1]), mean, float("inf"), errors)
    coef = V @ (np.sqrt(values) / (values + strengths[best]) * shown)
    return RidgeFit(coef, mean - float(middle @ coef), float(strengths[best]), errors)


def _decomposed(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Squared singular values (R,) above nothing, left vectors (N, R) and right vectors (D, R) of centred rows."""
    n, d = rows.shape
    small = rows @ rows.T if n < d else rows.T @ rows
    values, vectors = np.linalg.eigh(small)
    kept = values > max(float(values[-1]), 0.0) * max(n, d) * np.finfo(np.float64).eps
    values, vectors = values[kept], vectors[:, kept]
    other = (rows.T if n < d else rows) @ vectors / np.sqrt(values)
    return (values, vectors, other) if n < d else (values, other, vectors)


def _left_out(
    U: NDArray[np.float64],
    values: NDArray[np.float64],
    shown: NDArray[np.float64],
    target: NDArray[np.float64],
    strength: float,
) -> float:
    """Mean squared error of each row under the rule of all others: the residual over one minus the leverage."""
    shrink = values / (values + strength)
    residual = target - U @ (shrink * shown)
    leverage = U**2 @ shrink + 1 / len(target)
    if (leverage > FULL).any():
        return float("inf")
    return float(np.mean((residual / (1 - leverage)) ** 2))


def _error_of_mean(target: NDArray[np.float64], rows: int) -> float:
    return float(np.mean(target**2)) * (rows / (rows - 1)) ** 2 if rows > 1 else 0.0


class Ridge(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Linear rule for a number, with a penalty chosen by leave-one-out.

    Args:
        strengths: Strengths of the penalty to choose from, each above 0; none for the mean alone.

    Attributes:
        coef_: Weights (D,).
        intercept_: Intercept.
        strength_: The chosen strength; infinity where the mean alone is best.

    Example:
        >>> import numpy as np
        >>> X = np.arange(8.0)[:, None]
        >>> Ridge(strengths=(0.001,)).fit(X, 3 * X[:, 0] + 1).predict([[10.0]]).round(2)
        array([31.])
    """

    def __init__(self, strengths: Sequence[float] = STRENGTHS) -> None:
        self.strengths = strengths

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from vectors (N, D) and their numbers (N,).

        Raises:
            ValueError: An array has the wrong shape or holds NaN, or a strength is not above 0.
        """
        rows, values = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True)
        found = fit_ridge(rows, values, tuple(self.strengths))
        self.coef_, self.intercept_, self.strength_ = found.coef, found.intercept, found.strength
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Numbers (N,)."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(rows @ self.coef_ + self.intercept_)

    def scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Numbers as one column (N, 1)."""
        return self.predict(X)[:, None]
