"""Nearest class mean: which class centre lies closest?

The question: how far do the vectors alone go, with nothing trained? Each class is represented by the mean of its
labelled vectors, a row gets the class whose mean is nearest, and adding a class changes no other. It is the baseline
that continual-learning papers found hard to beat on pretrained features. Do not use it where classes have several
modes, where their spread differs much, or where label names say more than a handful of rows.

Papers: "A Simple Baseline that Questions the Use of Pretrained-Models in Continual Learning" (nearest mean on frozen
features) and "Revisiting Class-Incremental Learning with Pre-Trained Models" (SimpleCIL: prototypes by cosine).
Changed: distances become probabilities by a softmax with a stated scale; classes without a labelled row fall back on
their embedded name where one is given, and are never predicted otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.linear_head import NEVER, ClosedFormHead, Facts

CARD = Card(
    name="ClassMean",
    room="heads",
    question="heads",
    summary="Nearest mean of each class's labelled vectors, by distance or cosine",
    paper="A Simple Baseline that Questions the Use of Pretrained-Models in Continual Learning",
    year=2022,
    needs=("labels",),
    cost="O(N D) to fit, O(N D K) to predict",
    tags=("training-free", "incremental", "baseline"),
    ids=("001-032", "001-092"),
)


def nearest_mean_rule(
    means: NDArray[np.floating], *, metric: str = "cosine", scale: float = 20.0
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Linear scores whose order is that of closeness to the class means.

    Args:
        means: Class means (K, D).
        metric: `cosine` (SimpleCIL) or `euclidean` (nearest mean classifier).
        scale: Inverse temperature, above 0: the score is scale times cosine, or minus scale/2 times squared distance.

    Returns:
        Weights (K, D) and intercepts (K,); scores of one row differ from the true closeness by a constant only, for
        `cosine` after division by the row's length. Cost: O(K D).

    Raises:
        InputError: The metric is not known.

    Example:
        >>> import numpy as np
        >>> W, b = nearest_mean_rule(np.array([[0.0, 0.0], [2.0, 0.0]]), metric="euclidean", scale=1.0)
        >>> (np.array([[0.9, 5.0], [1.1, 5.0]]) @ W.T + b).argmax(axis=1)
        array([0, 1])
    """
    check_choice(metric, ("cosine", "euclidean"), "metric")
    if metric == "cosine":
        return scale * normalize_rows(means), np.zeros(len(means))
    return scale * means, -0.5 * scale * (means**2).sum(axis=1)


class ClassMean(ClosedFormHead):
    """Nearest class mean on fixed vectors.

    Args:
        metric: `euclidean` or `cosine`; on vectors of length 1 they differ only where class means differ in length.
        scale: Inverse temperature of the probabilities, above 0.

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0], [1.0, 0.1]])
        >>> ClassMean().fit(X, ["up", "up", "right", "right"]).predict([[0.2, 0.9]])
        array(['up'], dtype='<U5')
    """

    def __init__(self, metric: str = "euclidean", scale: float = 20.0) -> None:
        self.metric = metric
        self.scale = scale

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        Y = facts.targets * facts.weight[:, None]
        means = class_means(facts.X, Y)
        empty = Y.sum(axis=0) == 0
        if facts.class_vectors is not None:
            means = np.where(empty[:, None], facts.class_vectors, means)
        W, b = nearest_mean_rule(means, metric=self.metric, scale=self.scale)
        if facts.class_vectors is None:
            b = np.where(empty, NEVER, b)
        return W, b
