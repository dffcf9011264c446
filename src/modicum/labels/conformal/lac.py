"""LAC: the smallest prediction sets that keep the promise on average.

The question: which classes can it be? A class belongs to the set when its probability is at least what nine in ten
true classes reached on calibration rows (for alpha = 0.1). No other score gives smaller sets at the same coverage,
but easy rows are covered more often than hard ones, and a set can be empty, which says that nothing conforms. Do not
use it where every row, or every class, must be covered alike.

Paper: "Least Ambiguous Set-Valued Classifiers with Bounded Error Levels" (Sadinle et al. 2019). Changed: nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card

CARD = Card(
    name="lac_scores",
    room="labels",
    question="conformal",
    summary="Prediction sets of all classes above one probability threshold: smallest on average",
    paper="Least Ambiguous Set-Valued Classifiers with Bounded Error Levels",
    year=2019,
    needs=("labels", "probabilities"),
    cost="O(N K)",
    tags=("conformal", "prediction sets"),
)


def lac_scores(proba: NDArray[np.floating]) -> NDArray[np.floating]:
    """Non-conformity 1 - p of every class (N, K): 0 conforms best, 1 least.

    Example:
        >>> import numpy as np
        >>> lac_scores(np.array([[0.75, 0.25]])).tolist()
        [[0.25, 0.75]]
    """
    return 1 - proba
