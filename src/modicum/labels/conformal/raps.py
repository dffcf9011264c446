"""RAPS: adaptive prediction sets without the long tail of unlikely classes.

The question: which classes can it be, among hundreds, so that hard rows are covered and sets stay short? The score of a
class is that of APS plus a penalty for each place its rank lies beyond a given one. Once a set holds that many classes,
each further one must be much more likely to enter, so that noise in small probabilities no longer fills the sets. Do
not use it where sets reach at most the given rank anyway, as with a handful of classes (there it is APS), or where a
row's set must be as long as its doubt: a penalty trades that for a smaller mean size. Sets of LAC are smaller still.

Paper: "Uncertainty Sets for Image Classifiers using Conformal Prediction" (Angelopoulos et al. 2021). Changed: the
deterministic form, as for APS; penalty and rank are given in advance instead of tuned on rows of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.labels.conformal.aps import aps_scores

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
    order = np.argsort(-proba, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, proba.shape[1] + 1)[None], axis=1)
    return aps_scores(proba) + penalty * np.maximum(0, ranks - rank)
