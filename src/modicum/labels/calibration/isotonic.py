"""Isotonic calibration: a free rising curve for every class that makes its probabilities mean what they say.

The question: are probabilities wrong in a way that one temperature cannot mend, too high here and too low there, or
differently for each class? For each class the share of true rows is fitted to its probability by the best
non-decreasing step function, and the classes are brought back to sum to 1. The curve has no shape to be wrong about,
but must be learnt. Do not use it with under a few hundred held-out rows, or a few dozen of a class: it then follows
single rows, and says 0 or 1 where it has seen two or three; use `fit_temperature`, which also keeps the order of
classes.

Paper: "Transforming Classifier Scores into Accurate Multiclass Probability Estimates" (Zadrozny & Elkan 2002).
Changed: a class without a row keeps its probabilities; one curve for all classes is a setting, for many classes with
few rows each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from modicum.core.arrays import one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities, check_weights
from modicum.core.errors import InputError

CARD = Card(
    name="fit_isotonic",
    room="labels",
    question="calibration",
    summary="A rising curve for each class, or one for all: for hundreds of held-out rows",
    paper="Transforming Classifier Scores into Accurate Multiclass Probability Estimates",
    year=2002,
    needs=("labels", "probabilities"),
    cost="O(K N log N) to fit, O(N K log T) to apply curves of T knots",
    tags=("calibration", "non-parametric"),
)

Knots = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class IsotonicMaps:
    """Fitted curves as plain arrays: the knots of all curves one after another, straight lines between them."""

    x: NDArray[np.float64]
    """Probabilities before (T,), rising within a curve."""
    y: NDArray[np.float64]
    """Shares of true rows (T,), 0 to 1, not falling within a curve."""
    starts: NDArray[np.int64]
    """Curve m has the knots starts[m] to starts[m + 1]; (K + 1,), or (2,) where all classes share one curve."""

    def apply(self, proba: NDArray[np.floating]) -> NDArray[np.float64]:
        """Calibrated probabilities (N, K); a row whose curves are all 0 becomes uniform.

        Raises:
            InputError: These are no probabilities, or of another number of classes.
        """
        proba = check_probabilities(proba)
        curves, classes = len(self.starts) - 1, proba.shape[1]
        if curves not in (1, classes):
            raise InputError(f"calibrated for {curves} classes, not {classes}; fit it on the same classes")
        out = np.empty_like(proba)
        for k in range(classes):
            part = slice(self.starts[k % curves], self.starts[k % curves + 1])
            out[:, k] = np.interp(proba[:, k], self.x[part], self.y[part])
        total = out.sum(axis=1, keepdims=True)
        return np.where(total > 0, out / np.where(total > 0, total, 1), 1 / classes)


def fit_isotonic(
    proba: NDArray[np.floating],
    codes: NDArray[np.int64],
    *,
    sample_weight: NDArray[np.floating] | None = None,
    shared: bool = False,
) -> IsotonicMaps:
    """Fit the curves on held-out rows.

    Args:
        proba: Probabilities (N, K) of rows the classifier did not learn from.
        codes: True classes (N,).
        sample_weight: Weight of each row (N,), at least 0; default 1.
        shared: One curve for all classes, fitted to all N K probabilities together; it never reverses two classes of
            a row.

    Returns:
        The curves; those of classes without a row of positive weight leave probabilities as they are, but for the
        sum. Calibrated probabilities can be exactly 0. Cost: O(K N log N).

    Raises:
        InputError: Probabilities, classes or weights are not what they should be.

    Example:
        >>> import numpy as np
        >>> proba = np.repeat([[0.9, 0.1], [0.2, 0.8]], 10, axis=0)
        >>> codes = np.repeat([0, 1, 0, 1], [7, 3, 5, 5])
        >>> fit_isotonic(proba, codes).apply(np.array([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8]])).round(3).tolist()
        [[0.7, 0.3], [0.6, 0.4], [0.5, 0.5]]
    """
    proba = check_probabilities(proba)
    codes = check_codes(codes, classes=proba.shape[1], rows=len(proba))
    weight = check_weights(sample_weight, rows=len(proba))
    truth = one_hot(codes, proba.shape[1])
    seen = weight @ truth > 0
    if shared:
        pooled = np.repeat(weight, proba.shape[1])
        curves = [_curve(proba.ravel(), truth.ravel(), pooled, bool(seen.any()))]
    else:
        curves = [_curve(proba[:, k], truth[:, k], weight, bool(seen[k])) for k in range(proba.shape[1])]
    starts = np.cumsum([0, *(len(x) for x, _ in curves)])
    return IsotonicMaps(np.concatenate([x for x, _ in curves]), np.concatenate([y for _, y in curves]), starts)


def _curve(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], seen: bool) -> Knots:
    if not seen:
        return np.array([0.0, 1.0]), np.array([0.0, 1.0])
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(x, y, sample_weight=weight)
    return fitted.X_thresholds_.astype(np.float64), fitted.y_thresholds_.astype(np.float64)
