"""Class-conditional sets: the promise kept for every class, not only on average.

The question: can rare classes be covered as often as frequent ones? Each class gets the threshold of its own
calibration rows. That takes at least 1/alpha - 1 rows of a class; a class with fewer is in every set, because no
promise can be made without it. Do not use it with many classes of few rows: sets become huge.

Paper: "Conditional Validity of Inductive Conformal Predictors" (Vovk 2012), also known as Mondrian prediction sets.
Changed: nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.labels.conformal.threshold import threshold

CARD = Card(
    name="class_thresholds",
    room="labels",
    question="conformal",
    summary="One conformal threshold per class, so that every class is covered as promised",
    paper="Conditional Validity of Inductive Conformal Predictors",
    year=2012,
    needs=("labels", "probabilities"),
    cost="O(N + K)",
    tags=("conformal", "class-conditional", "Mondrian"),
)


def class_thresholds(
    scores: NDArray[np.floating], codes: NDArray[np.int64], classes: int, alpha: float
) -> NDArray[np.float64]:
    """Threshold (K,) of each class; infinite where its rows are too few for `alpha`.

    Args:
        scores: Non-conformity (n,) of the true class of each calibration row.
        codes: True classes (n,).
        classes: Number of classes K.
        alpha: Share of sets that may miss the truth, 0 to 1, within every class.

    Raises:
        InputError: `alpha` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> class_thresholds(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0, 0, 0, 1]), 2, 0.25).tolist()
        [0.3, inf]
    """
    return np.array([threshold(scores[codes == k], alpha) for k in range(classes)])
