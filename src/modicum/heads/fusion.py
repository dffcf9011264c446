"""Names and shots: what do class names add to a handful of labelled rows?

The question: names alone beat one label a class, labels beat names later on; can one rule have both at every count?
Names enter twice: as one more labelled row of their class, and as the prior mean of the class's weights, so that a
class with few rows leans on its name and a class with many forgets it. Where there are no names it is plain softmax
regression. Do not use it where names mislead (an opinion called "positive" for a medical test).

Source: the prior-mean form is transfer regularisation ("Adaptation of Maximum Entropy Capitalizer", Chelba & Acero
2006); names as training rows is the zero-shot recipe of SetFit ("Efficient Few-Shot Learning Without Prompts",
Tunstall et al. 2022). Changed: both at once, on frozen vectors, with centred names.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import EXACT, Rule, fit_softmax, name_prior, with_names

CARD = Card(
    name="NamesAndShots",
    room="heads",
    question="heads",
    summary="Softmax regression whose prior is the class names, which also count as labelled rows",
    paper="Adaptation of Maximum Entropy Capitalizer: Little Data Can Help a Lot",
    year=2006,
    needs=("labels", "names"),
    cost="O(N D K) per iteration, at most 200 iterations",
    tags=("few-shot", "names"),
)


def fuse(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    class_vectors: NDArray[np.floating] | None,
    *,
    sample_weight: NDArray[np.floating] | None = None,
    C: float = 30.0,
    name_weight: float = 1.0,
    prior_scale: float = 2.5,
) -> Rule:
    """Softmax regression with names as extra rows and as prior mean.

    Args:
        X: Vectors (N, D).
        Y: Targets (N, K): 1 for the class of a row, else 0.
        class_vectors: Embedded names (K, D), or None.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        C: Inverse strength of the pull towards the prior, above 0.
        name_weight: Weight of a class's name as a labelled row, at least 0.
        prior_scale: Length of the prior weights along a class's name, at least 0.

    Returns:
        Weights (K, D) and intercepts (K,). Cost: O((N + K) D K) per iteration.

    Example:
        >>> import numpy as np
        >>> W, b = fuse(np.array([[0.1, 0.9]]), np.array([[0.0, 1.0]]), np.eye(2))
        >>> (np.array([[0.9, 0.1]]) @ W.T + b).argmax()
        np.int64(0)
    """
    weight = np.ones(len(X), dtype=X.dtype) if sample_weight is None else sample_weight
    X, Y, weight = with_names(X, Y, weight, class_vectors, name_weight)
    prior = name_prior(class_vectors, prior_scale)
    return fit_softmax(X, Y, sample_weight=weight, C=C, prior=prior, least_gain=EXACT)


class NamesAndShots(LinearHead):
    """Softmax regression fused with class names.

    Args:
        C: Inverse strength of the pull towards the prior, above 0.
        name_weight: Weight of a class's name as a labelled row, at least 0.
        prior_scale: Length of the prior weights along a class's name, at least 0.

    Example:
        >>> import numpy as np
        >>> X, names = np.array([[0.1, 0.9], [0.2, 0.7]]), np.eye(2)
        >>> head = NamesAndShots().fit(X, ["b", "b"], classes=["a", "b"], class_vectors=names)
        >>> head.predict([[0.9, 0.1]])
        array(['a'], dtype='<U1')
    """

    def __init__(self, C: float = 30.0, name_weight: float = 1.0, prior_scale: float = 2.5) -> None:
        self.C = C
        self.name_weight = name_weight
        self.prior_scale = prior_scale

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        return fuse(
            facts.X,
            facts.targets,
            facts.class_vectors,
            sample_weight=facts.weight,
            C=self.C,
            name_weight=self.name_weight,
            prior_scale=self.prior_scale,
        )
