"""Softmax regression on fixed vectors: the honest baseline of every few-label method.

The question: what does a plain linear rule reach, when nothing but the labelled rows is used? Weights are fitted by
maximum likelihood with a quadratic penalty; on vectors of length 1 a weak one (C = 30) is right from one label a
class to hundreds. Names and unlabelled rows are ignored. Do not ship it at 1 to 8 labels a class before looking at
heads that use names or unlabelled rows: it is what they are measured against.

Source: Cox 1958; multinomial form as in Bishop, "Pattern Recognition and Machine Learning" (2006), section 4.3.4.
Changed: nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import EXACT, fit_softmax

CARD = Card(
    name="Linear",
    room="heads",
    question="heads",
    summary="Multinomial logistic regression: the baseline that everything is compared with",
    paper="Pattern Recognition and Machine Learning, section 4.3.4",
    year=2006,
    needs=("labels",),
    cost="O(N D K) per iteration, at most 200 iterations",
    tags=("baseline",),
)


class Linear(LinearHead):
    """Softmax regression with a quadratic penalty.

    Args:
        C: Inverse strength of the penalty, above 0.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0], [0.2], [0.8], [1.0]])
        >>> Linear().fit(X, [0, 0, 1, 1]).predict([[0.1], [0.9]])
        array([0, 1])
    """

    def __init__(self, C: float = 30.0) -> None:
        self.C = C

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        return fit_softmax(facts.X, facts.targets, sample_weight=facts.weight, C=self.C, least_gain=EXACT)
