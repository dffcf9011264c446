"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Mean confidence, share of right answers and number of rows of each bin (B,)."""

    confidence: Floats
    accuracy: Floats
    count: Ints


def log_loss(proba: Floats, codes: Ints, floor: float = 1e-12) -> float:
    """Mean negative natural logarithm of the true class's probability, probabilities lifted to `floor`; 0 is best."""
    return float(-np.log(np.maximum(proba[np.arange(len(codes)), codes], floor)).mean())


def reliability_curve(proba: Floats, codes: Ints, *, bins: int = 10) -> Reliability:
    """Confidence against accuracy in `bins` bins of equal width over the largest probability.

    Args:
        proba: Probabilities (N, K).
        codes: True classes (N,).
        bins: Number of bins B; a confidence on an edge falls into the bin below it.
    """
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == codes
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    filled = np.maximum(count, 1)
    return Reliability(
        np.bincount(place, confidence, bins) / filled, np.bincount(place, right, bins) / filled, count.astype(np.int64)
    )


def expected_calibration_error(proba: Floats, codes: Ints, *, bins: int = 10) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by rows: 0 is best, 1 worst.

    Source: "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (Naeini et al. 2015).

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.8, 0.2], [0.8, 0.2], [0.4, 0.6], [0.4, 0.6]])
        >>> round(expected_calibration_error(proba, np.array([0, 1, 1, 1])), 3)
        0.35
    """
    curve = reliability_curve(proba, codes, bins=bins)
    return float((np.abs(curve.confidence - curve.accuracy) * curve.count).sum() / max(len(codes), 1))
