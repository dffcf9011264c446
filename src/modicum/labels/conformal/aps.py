"""APS: prediction sets that grow with the difficulty of the row.

The question: which classes can it be, so that hard rows are covered as well as easy ones? Classes are taken in order
of probability until their sum reaches a calibrated level; the score of a class is the sum of probabilities down to
it, itself included. Sets adapt to the row and are larger on average than those of LAC. Do not use it with thousands
of classes whose probabilities form a long noisy tail.

Paper: "Classification with Valid and Adaptive Coverage" (Romano et al. 2020). Changed: the deterministic form, which
includes the last class whole and so covers a little more than promised; no random numbers are needed to predict.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card

CARD = Card(
    name="aps_scores",
    room="labels",
    question="conformal",
    summary="Prediction sets by cumulated probability, which adapt to the difficulty of the row",
    paper="Classification with Valid and Adaptive Coverage",
    year=2020,
    needs=("labels", "probabilities"),
    cost="O(N K log K)",
    tags=("conformal", "prediction sets", "adaptive"),
)


def aps_scores(proba: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of the probabilities of all classes down to each, itself included: (N, K), 0 to 1, low conforms.

    Of classes that are equally likely, the one of the first column comes first.

    Example:
        >>> import numpy as np
        >>> aps_scores(np.array([[0.25, 0.75]])).tolist()
        [[1.0, 0.75]]
    """
    order = np.argsort(-proba, axis=1, kind="stable")
    summed = np.cumsum(np.take_along_axis(proba, order, axis=1), axis=1)
    out = np.empty_like(summed)
    np.put_along_axis(out, order, summed, axis=1)
    return np.minimum(out, 1.0)
