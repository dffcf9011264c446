"""Whether probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.evaluation.metrics.rows import check_truth

BINNINGS = ("width", "mass")

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """Mean confidence, share of right answers and number of rows of each bin (B,); 0 in empty bins."""

    confidence: Floats
    accuracy: Floats
    count: Ints


def log_loss(proba: Floats, codes: Ints, floor: float = 1e-12) -> float:
    """Mean negative natural logarithm of the true class's probability, probabilities lifted to `floor`; 0 is best."""
    truth = check_truth(codes, *proba.shape)
    return float(-np.log(np.maximum(proba[np.arange(len(truth)), truth], floor)).mean())


def brier(proba: Floats, codes: Ints) -> float:
    """Mean squared distance of probabilities (N, K) from the truth, summed over classes: 0 is best, 2 worst.

    Source: "Verification of Forecasts Expressed in Terms of Probability" (Brier 1950).

    Example:
        >>> import numpy as np
        >>> brier(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1]))
        1.0
    """
    truth = check_truth(codes, *proba.shape)
    squares = np.einsum("nk,nk->n", proba, proba)
    return float((squares - 2 * proba[np.arange(len(truth)), truth] + 1).mean())


def reliability_curve(proba: Floats, codes: Ints, bins: int = 15, *, binning: str = "width") -> Reliability:
    """Confidence against accuracy in bins over the largest probability.

    Args:
        proba: Probabilities (N, K).
        codes: True classes (N,).
        bins: Number of bins B, at least 1; a confidence on an edge falls into the bin below it.
        binning: `width`: bins of equal width over 0 to 1, the usual figure. `mass`: edges at quantiles, so that bins
            hold as many rows as ties allow; its error is less biased where confidences crowd.

    Raises:
        InputError: There is no row, the arrays do not belong together, or a setting is not known or out of range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.7, 0.3]])
        >>> reliability_curve(proba, np.array([0, 1]), bins=2, binning="mass").confidence.tolist()
        [0.7, 0.9]
    """
    check_choice(binning, BINNINGS, "binning")
    if bins < 1:
        raise InputError(f"bins must be at least 1, not {bins}")
    truth = check_truth(codes, *proba.shape)
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == truth
    inner = np.arange(1, bins) / bins
    edges = inner if binning == "width" else np.quantile(confidence, inner, method="inverted_cdf")
    place = np.searchsorted(edges, confidence, side="left")
    count = np.bincount(place, minlength=bins)
    filled = np.maximum(count, 1)
    return Reliability(
        np.bincount(place, confidence, bins) / filled, np.bincount(place, right, bins) / filled, count.astype(np.int64)
    )


def expected_calibration_error(proba: Floats, codes: Ints, bins: int = 15, *, binning: str = "width") -> float:
    """Mean distance between confidence and accuracy over bins, weighted by rows: 0 is best, 1 worst.

    Arguments as in `reliability_curve`. Even a perfectly calibrated model has an error above 0 on few rows.

    Source: "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (Naeini et al. 2015).

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.8, 0.2], [0.8, 0.2], [0.4, 0.6], [0.4, 0.6]])
        >>> round(expected_calibration_error(proba, np.array([0, 1, 1, 1])), 3)
        0.35
    """
    curve = reliability_curve(proba, codes, bins, binning=binning)
    return float((np.abs(curve.confidence - curve.accuracy) * curve.count).sum() / curve.count.sum())
