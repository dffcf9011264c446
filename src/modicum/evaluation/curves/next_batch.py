"""Stopping rule: is the next batch of labels worth its work?

The question: another batch is ready to be labelled; what will it bring, and when is enough? The power law of learning
continues the accuracy that was reached by one batch; the gain comes with an interval and with the probability that it
is at least what a batch must bring, and one stops when that probability is small. Do not use it on an accuracy that
was measured on the rows that a query picked (they are harder than the rest: measure on random ones, or by the model of
another split), or as the only rule while classes are still without a label.

Source: the power law of this question ("Learning Curves: Asymptotic Values and Rate of Convergence", Cortes et al.
1993), read as a rule that stops on predicted gain, as "A Method for Stopping Active Learning Based on Stabilizing
Predictions" (Bloodgood & Vijay-Shanker 2009) stops on stable predictions. Changed: the gain is an interval, and the
user says what a batch must bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.evaluation.curves.power_law import LUCK, PowerLaw

CARD = Card(
    name="next_batch",
    room="evaluation",
    question="curves",
    summary="Predicted gain of the next batch of labels with an interval, and whether to stop",
    paper="Learning Curves: Asymptotic Values and Rate of Convergence",
    year=1993,
    needs=("labels",),
    cost="O(1)",
    tags=("learning curve", "stopping rule", "active learning"),
)


@dataclass(frozen=True)
class Gain:
    """What a batch should bring, in accuracy (0.01 is one point)."""

    expected: float
    low: float
    high: float
    chance: float
    """Probability that the gain is at least what a batch must bring."""
    stop: bool
    """Whether that probability is below the chance that was asked for."""


def next_batch(
    law: PowerLaw,
    batch: int,
    *,
    labels: int,
    accuracy: float,
    worth: float = 0.005,
    patience: float = 0.2,
    level: float = 0.8,
) -> Gain:
    """Predict the gain of the next batch.

    Args:
        law: Power law of the learning curve, as `power_law` estimates it.
        batch: Rows in the batch, at least 1.
        labels: Rows labelled so far, at least 1.
        accuracy: Accuracy reached with them, 0 to 1.
        worth: Gain that a batch must bring to be worth its work, at least 0.
        patience: Stop when the chance of such a gain is below, 0 to 1.
        level: Probability of the interval, 0 to 1.

    Returns:
        The gain. Its interval holds the slope's doubt, and the luck of the draw in proportion to how much of the labels
        is new; the doubt of the accuracy itself cancels.

    Raises:
        InputError: A number is out of its range.

    Example:
        >>> gain = next_batch(PowerLaw(0.5, 0.05), 100, labels=100, accuracy=0.8)
        >>> round(gain.expected, 3), gain.stop
        (0.059, False)
    """
    check_fraction(level, "level")
    check_fraction(patience, "patience")
    if batch < 1 or labels < 1 or not 0 <= accuracy <= 1 or worth < 0:
        raise InputError("batch and labels must be at least 1, accuracy 0 to 1 and worth at least 0")
    error = 1 - accuracy
    reach = float(np.log1p(batch / labels))
    centre = -law.slope * reach
    spread = float(np.hypot(reach * law.slope_sd, LUCK * np.sqrt(batch / (labels + batch))))
    half = float(stats.norm.ppf(0.5 + level / 2)) * spread
    low, expected, high = (float(error * (1 - np.exp(centre + side * half))) for side in (1, 0, -1))
    chance = float(stats.norm.cdf((np.log1p(-worth / error) - centre) / spread)) if worth < error else 0.0
    return Gain(expected, low, high, chance, chance < patience)
