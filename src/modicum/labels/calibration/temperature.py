"""Temperature scaling: one number that makes probabilities mean what they say.

The question: are the probabilities too sure, or not sure enough? All log-probabilities are divided by one
temperature, the one under which held-out labels are most likely; the order of classes never changes. With few labels
the maximum-likelihood temperature can be absurd, so it is held by a prior around 1 that fades as labels come in. Do
not use it where classes are miscalibrated in different directions.

Paper: "On Calibration of Modern Neural Networks" (Guo et al. 2017). Changed: a normal prior on the logarithm of the
temperature, of a stated strength.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from modicum.core.arrays import log_softmax
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_weights

CARD = Card(
    name="fit_temperature",
    room="labels",
    question="calibration",
    summary="One temperature for all classes, held near 1 where labels are few",
    paper="On Calibration of Modern Neural Networks",
    year=2017,
    needs=("labels", "probabilities"),
    cost="O(N K) per step, about 30 steps",
    tags=("calibration",),
)

BOUND = np.log(50.0)
"""Largest logarithm of a temperature, either way."""


def fit_temperature(
    log_proba: NDArray[np.floating],
    codes: NDArray[np.int64],
    *,
    sample_weight: NDArray[np.floating] | None = None,
    prior_strength: float = 5.0,
) -> float:
    """Temperature t above 0: softmax(log_proba / t) is calibrated; above 1 where the scores were too sure.

    Args:
        log_proba: Log-probabilities, or scores up to a constant per row, (N, K) of held-out rows.
        codes: True classes (N,).
        sample_weight: Weight of each row (N,), at least 0; default 1.
        prior_strength: Weight of the prior: the penalty in nats at a temperature of e or 1/e; 0 for none.

    Returns:
        The temperature, between 1/50 and 50; 1 with no rows.

    Raises:
        InputError: Classes or weights are not what they should be, or not as many as there are rows.

    Example:
        >>> import numpy as np
        >>> scores = np.log(np.array([[0.99, 0.01]] * 100))
        >>> codes = np.repeat([0, 1], [80, 20])
        >>> round(fit_temperature(scores, codes, prior_strength=0.0), 2)
        3.31
    """
    if len(codes) == 0:
        return 1.0
    weight = check_weights(sample_weight, rows=len(codes))
    scores, rows = np.asarray(log_proba, dtype=np.float64), np.arange(len(codes))
    codes = check_codes(codes, classes=scores.shape[1], rows=len(scores))

    def loss(log_temperature: float) -> float:
        likely = log_softmax(scores / np.exp(log_temperature))[rows, codes]
        return float(-(weight @ likely)) + prior_strength * log_temperature**2

    return float(np.exp(minimize_scalar(loss, bounds=(-BOUND, BOUND), method="bounded").x))
