"""RAPS: adaptive prediction sets without the long tail of unlikely classes.

The question: which classes can it be, among hundreds, so that hard rows are covered and sets stay short? The score of a
class is that of APS plus a penalty for each place its rank lies beyond a given one. Once a set holds that many classes,
each further one must be much more likely to enter, so that noise in small probabilities no longer fills the sets. Do
not use it where sets reach at most the given rank anyway, as with a handful of classes (there it is APS), or where a
row's set must be as long as its doubt: a penalty trades that for a smaller mean size. Sets of LAC are smaller still.

Penalty and rank are tuned on rows that the calibration does not use, or the promise would be lost: the rank is the one
within which 1 - alpha of the true classes lie, the penalty that of the smallest mean set.

Paper: "Uncertainty Sets for Image Classifiers using Conformal Prediction" (Angelopoulos et al. 2021; code:
aangelopoulos/conformal_classification). Changed: the deterministic form, as for APS.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_codes, check_fraction
from modicum.core.errors import InputError
from modicum.labels.conformal.aps import aps_scores
from modicum.labels.conformal.threshold import threshold

CARD = Card(
    name="raps_scores",
    room="labels",
    question="conformal",
    summary="Adaptive prediction sets that are penalised for length: shorter with hundreds of classes",
    paper="Uncertainty Sets for Image Classifiers using Conformal Prediction",
    year=2021,
    needs=("labels", "probabilities"),
    cost="O(N K log K)",
    tags=("conformal", "prediction sets", "adaptive"),
)


PENALTIES = (0.001, 0.01, 0.1, 0.2, 0.5)
"""Penalties that are tried, as in the authors' code."""


def raps_scores(proba: NDArray[np.floating], *, penalty: float = 0.01, rank: int = 5) -> NDArray[np.floating]:
    """Non-conformity (N, K): the APS score plus `penalty` times the number of places beyond `rank`.

    Args:
        proba: Probabilities (N, K), rows sum to 1.
        penalty: Added for each place of a class's rank beyond `rank`, at least 0; with 0 it is APS.
        rank: Places (1 is the most probable class) that cost nothing, at least 0; ties go by column.

    Returns:
        Scores from 0 to 1 + penalty * (K - rank): low conforms, high does not. Cost: O(N K log K).

    Raises:
        InputError: `penalty` or `rank` is negative.

    Example:
        >>> import numpy as np
        >>> raps_scores(np.array([[0.25, 0.5, 0.25]]), penalty=0.5, rank=1).tolist()
        [[1.25, 0.5, 2.0]]
    """
    if penalty < 0 or rank < 0:
        raise InputError(f"penalty and rank must be at least 0, not {penalty:g} and {rank}")
    return aps_scores(proba) + penalty * np.maximum(0, _ranks(proba) - rank)


def _ranks(proba: NDArray[np.floating]) -> NDArray[np.int64]:
    order = np.argsort(-proba, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, proba.shape[1] + 1)[None], axis=1)
    return ranks


def tune_raps(
    proba: NDArray[np.floating],
    codes: NDArray[np.int64],
    *,
    alpha: float,
    penalties: Sequence[float] = PENALTIES,
) -> tuple[float, int]:
    """Penalty and rank that make the sets of these rows smallest; calibrate on other rows.

    Args:
        proba: Probabilities (n, K), rows sum to 1.
        codes: True classes (n,).
        alpha: Share of sets that may miss the truth, 0 to 1.
        penalties: Penalties to try, each at least 0.

    Returns:
        The penalty of the smallest mean set on these rows (the first of equals), and the rank within which 1 - alpha of
        the true classes lie: K where the rows are too few to tell. Cost: O(n K log K) per penalty.

    Raises:
        InputError: There is no penalty to try, or an argument is out of its range.

    Example:
        >>> import numpy as np
        >>> proba = np.tile([0.4, 0.3, 0.2, 0.1], (20, 1))
        >>> tune_raps(proba, np.array([0, 1] * 10), alpha=0.1)
        (0.001, 2)
    """
    check_fraction(alpha, "alpha")
    codes = check_codes(codes, classes=proba.shape[1], rows=len(proba))
    if len(penalties) == 0:
        raise InputError("there is no penalty to try; give at least one")
    each = np.arange(len(codes))
    place = threshold(_ranks(proba)[each, codes].astype(np.float64), alpha)
    rank = int(min(place, proba.shape[1]))
    sizes = []
    for penalty in penalties:
        scores = raps_scores(proba, penalty=penalty, rank=rank)
        sizes.append(int((scores <= threshold(scores[each, codes], alpha)).sum()))
    return penalties[int(np.argmin(sizes))], rank
