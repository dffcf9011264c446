"""Conformal p-values: how rare is a score among rows that are known to be typical?

The question: from which score on is a row called an outlier, when at most a stated share of typical rows may be? The
row's score is ranked among those of rows that are known to be typical and that the score was not learnt from; its rank
is a p-value, whatever the score and however it is distributed. Do not use it with fewer than 1 / rate - 1 such rows,
where no p-value can be as small as the rate and nothing is ever called an outlier; nor for rows that come from another
source than the calibrating ones, for whom nothing is promised.

Paper: "Testing for Outliers with Conformal p-values" (Bates et al. 2023). Changed: marginal p-values alone, with the
equivalent threshold on the score; ties count as rare, so that the promise holds with them, too.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_values

CARD = Card(
    name="conformal_p_values",
    room="vectors",
    question="outliers",
    summary="Outliers at a set rate of false alarms, from the ranks of any score among typical rows",
    paper="Testing for Outliers with Conformal p-values",
    year=2023,
    needs=("vectors",),
    cost="O((N + n) log n) for N scores and n calibrating ones",
    tags=("conformal", "false alarms"),
)


def conformal_p_values(scores: ArrayLike, calibration: ArrayLike) -> NDArray[np.float64]:
    """P-values (N,) of the guess that rows are typical: (1 + calibrating scores at most as high) / (n + 1).

    Args:
        scores: How typical each row is (N,), higher is more typical.
        calibration: The same (n,) for typical rows that the score was not learnt from.

    Returns:
        Values from 1 / (n + 1) to 1. Of a typical row exchangeable with the calibrating ones, the value is at most t
        with a probability of at most t, for every t.

    Raises:
        InputError: Scores are no flat arrays of finite numbers.

    Example:
        >>> conformal_p_values([0.05, 0.5], [0.1, 0.2, 0.6, 0.9]).tolist()
        [0.2, 0.6]
    """
    known = np.sort(check_values(calibration, what="calibrating scores"))
    found = np.searchsorted(known, check_values(scores, what="scores"), side="right")
    return np.asarray((1 + found) / (len(known) + 1))


def alarm_threshold(calibration: ArrayLike, rate: float) -> float:
    """Score under which p-values are at most `rate`: rows that score lower are outliers, all others are not.

    Args:
        calibration: How typical rows are (n,) that are known to be so, higher is more typical.
        rate: Share of typical rows that may be called outliers, in 0..1: the promise is that of the p-values.

    Returns:
        The floor(rate (n + 1))-th smallest of the scores; minus infinity, so that no row is an outlier, where n is too
        small for the rate.

    Raises:
        InputError: Scores are no flat array of finite numbers, or the rate does not lie between 0 and 1.

    Example:
        >>> import numpy as np
        >>> alarm_threshold(np.arange(1.0, 20.0), 0.1), alarm_threshold(np.arange(5.0), 0.1)
        (2.0, -inf)
    """
    known = check_values(calibration, what="calibrating scores")
    rank = math.floor(check_fraction(rate, "the rate of false alarms") * (len(known) + 1) + 1e-9)
    return float(np.partition(known, rank - 1)[rank - 1]) if rank else -math.inf
