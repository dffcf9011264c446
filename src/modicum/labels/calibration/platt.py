"""Platt scaling of many labels: a slope and an intercept for each that make its odds mean what they say.

The question: rows can carry several labels; is each label's own probability right, too high for one and too low for
the other? Held-out log-odds of each label are mapped by the line under which its true labels are most likely. A label
with few rows would get an absurd line, so every line is held near one common line, which all labels share, and that
one near the identity; the prior fades as rows come in. Do not use it where classes exclude each other: use
`fit_temperature`, whose probabilities sum to 1.

Paper: "Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized Likelihood Methods" (Platt
1999). Changed: the prior on slope and intercept in the place of smoothed targets, and partial pooling over labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.core.card import Card
from modicum.core.checks import check_indicators, check_vectors, check_weights
from modicum.core.errors import InputError

CARD = Card(
    name="fit_platt",
    room="labels",
    question="calibration",
    summary="A slope and an intercept for each label of rows that may have several, held near a common line",
    paper="Probabilistic Outputs for Support Vector Machines and Comparisons to Regularized Likelihood Methods",
    year=1999,
    needs=("labels", "probabilities"),
    cost="O(N K) per step, at most 50 steps",
    tags=("calibration", "multi-label"),
)

Floats = NDArray[np.floating]
STEPS = 50
LARGEST = 30.0
"""Log-odds beyond which a score tells no more."""


def fit_platt(
    scores: Floats,
    Y: NDArray[Any],
    *,
    sample_weight: Floats | None = None,
    prior_strength: float = 5.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope and intercept of every label: sigmoid(slope * score + intercept) is calibrated.

    Args:
        scores: Log-odds (N, K) of rows the classifier did not learn from; cut at 30 either way.
        Y: Their labels (N, K), 0 or 1.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        prior_strength: Penalty in nats for a logarithm of the slope, or an intercept, that is 1 off; at least 0.

    Returns:
        Slopes (K,), above 0, and intercepts (K,); 1 and 0 without rows. Newton's method with halved steps.

    Raises:
        InputError: The arrays do not belong together, or a weight or the strength is negative.

    Example:
        >>> import numpy as np
        >>> scores, Y = np.full((100, 1), 3.0), np.repeat([[1], [0]], [80, 20], axis=0)
        >>> slope, intercept = fit_platt(scores, Y, prior_strength=0.01)
        >>> round(float(1 / (1 + np.exp(-(slope[0] * 3.0 + intercept[0])))), 2)
        0.8
    """
    z = np.clip(check_vectors(scores, what="scores").astype(np.float64), -LARGEST, LARGEST)
    truth = check_indicators(Y, rows=len(z)).astype(np.float64)
    if z.shape != truth.shape:
        raise InputError(f"scores of shape {z.shape} for labels of shape {truth.shape}; give one score per label")
    weight = check_weights(sample_weight, rows=len(z))
    if prior_strength < 0:
        raise InputError(f"prior_strength must be at least 0, not {prior_strength}")
    centre = np.zeros((2, 1))
    shared = _newton(z.reshape(-1, 1), truth.reshape(-1, 1), np.repeat(weight, z.shape[1]), centre, prior_strength)
    own = _newton(z, truth, weight, np.repeat(shared, z.shape[1], axis=1), prior_strength)
    return np.exp(own[0]), own[1]


def _newton(
    z: NDArray[np.float64],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64],
    centre: NDArray[np.float64],
    strength: float,
) -> NDArray[np.float64]:
    """Log-slopes and intercepts (2, K) of least loss, all labels at once; the Gauss-Newton form is always convex."""
    found, ridge = centre.copy(), max(2 * strength, 1e-9)
    value = _loss(z, truth, weight, found, centre, strength)
    for _ in range(STEPS):
        slope = np.exp(found[0]) * z
        proba = expit(slope + found[1])
        gap, sure = weight[:, None] * (proba - truth), weight[:, None] * proba * (1 - proba)
        gradient = np.stack([(gap * slope).sum(axis=0), gap.sum(axis=0)]) + 2 * strength * (found - centre)
        a, b, c = (sure * slope**2).sum(axis=0) + ridge, (sure * slope).sum(axis=0), sure.sum(axis=0) + ridge
        step = np.stack([c * gradient[0] - b * gradient[1], a * gradient[1] - b * gradient[0]]) / (a * c - b**2)
        step = np.clip(step, -1, 1)
        for _ in range(STEPS):
            tried = _loss(z, truth, weight, found - step, centre, strength)
            worse = tried > value + 1e-12
            if not worse.any():
                break
            step[:, worse] /= 2
        found, value, before = found - step, np.minimum(tried, value), value
        if float(np.max(before - value, initial=0.0)) < 1e-9:
            break
    return found


def _loss(
    z: NDArray[np.float64],
    truth: NDArray[np.float64],
    weight: NDArray[np.float64],
    line: NDArray[np.float64],
    centre: NDArray[np.float64],
    strength: float,
) -> NDArray[np.float64]:
    """Penalised cross-entropy (K,) of each label."""
    odds = np.exp(line[0]) * z + line[1]
    return np.asarray(weight @ (np.logaddexp(0, odds) - truth * odds) + strength * ((line - centre) ** 2).sum(axis=0))
