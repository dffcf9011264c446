"""Similarity to class names: which name or description lies closest?

The question: how far does the task get with no label at all? Class names (with descriptions, where there are any) are
embedded by the same encoder as the items, and an item gets the class whose text is most similar. The centre of the
items and that of the names are taken away first, because both stand in narrow cones that point elsewhere. Do not use
it where names say nothing (0, 1, A7) or where classes differ by tone rather than topic.

Paper: "Evaluating Unsupervised Text Classification: Zero-shot and Similarity-based Approaches" (Schopf et al. 2022).
Changed: centring, and probabilities by a softmax with a stated scale; without names, the means of labelled rows stand
in for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows
from modicum.core.card import Card
from modicum.core.linear_head import Facts, LinearHead

CARD = Card(
    name="NameSimilarity",
    room="heads",
    question="heads",
    summary="Most similar class name or description, no label needed",
    paper="Evaluating Unsupervised Text Classification: Zero-shot and Similarity-based Approaches",
    year=2022,
    needs=("names",),
    cost="O(K D) to fit, O(N D K) to predict",
    tags=("zero-shot", "training-free"),
    ids=("004-051",),
)

_GENERIC = r"(class|label|category|cat|group|cluster|topic|type)"
_SAYS_NOTHING = re.compile(rf"({_GENERIC}[\W_]+)?([a-z]?[\W_]*\d*|\d+[a-z]?)|{_GENERIC}\d+")


def telling_names(names: Sequence[str]) -> NDArray[np.bool_]:
    """Mask (K,) of the class names that say something: not a number, a letter, a code like A7 or `class 3`.

    Example:
        >>> telling_names(["refund", "0", "A7", "class_3", "x", ""]).tolist()
        [True, False, False, False, False, False]
    """
    return np.array([_SAYS_NOTHING.fullmatch(name.strip().lower()) is None for name in names], dtype=bool)


def name_rule(
    class_vectors: NDArray[np.floating], centre: NDArray[np.floating], *, scale: float = 20.0
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Linear scores: scale times the inner product of an item less `centre` with a name less the mean of names.

    Args:
        class_vectors: Embedded names (K, D).
        centre: Mean of the items (D,); zeros for plain similarity.
        scale: Inverse temperature, above 0.

    Returns:
        Weights (K, D), of length `scale`, and intercepts (K,). Cost: O(K D).

    Example:
        >>> import numpy as np
        >>> W, b = name_rule(np.array([[1.0, 0.0], [0.0, 1.0]]), np.zeros(2))
        >>> (np.array([[0.9, 0.1]]) @ W.T + b).argmax()
        np.int64(0)
    """
    W = scale * normalize_rows(class_vectors - class_vectors.mean(axis=0))
    return W, -W @ centre


def new_name_row(facts: Facts, class_vectors: NDArray[np.floating], scale: float) -> tuple[NDArray[np.floating], float]:
    """Row of the last class by the rule of the others, which are centred without it: weights (D,) and intercept."""
    others = facts.codes < facts.classes - 1
    w = scale * normalize_rows(class_vectors[-1:] - class_vectors[:-1].mean(axis=0))[0]
    return w, -float(w @ facts.X[others].mean(axis=0))


class NameSimilarity(LinearHead):
    """Similarity to class names.

    Args:
        scale: Inverse temperature of the probabilities, above 0.

    Example:
        >>> import numpy as np
        >>> names = np.eye(2)
        >>> X = np.array([[0.9, 0.2], [0.1, 0.8]])
        >>> head = NameSimilarity().fit(X, ["a", "b"], classes=["a", "b"], class_vectors=names)
        >>> head.predict([[0.7, 0.1]])
        array(['a'], dtype='<U1')
    """

    def __init__(self, scale: float = 20.0) -> None:
        self.scale = scale

    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        total, count = facts.weight @ facts.X, float(facts.weight.sum())
        if facts.X_unlabelled is not None:
            total, count = total + facts.X_unlabelled.sum(axis=0), count + len(facts.X_unlabelled)
        names = facts.class_vectors
        if names is None:
            names = class_means(facts.X, facts.targets * facts.weight[:, None])
        return name_rule(names, total / count, scale=self.scale)

    def _new_row(self, facts: Facts) -> tuple[NDArray[np.floating], float]:
        names = facts.class_vectors
        return new_name_row(facts, class_means(facts.X, facts.targets) if names is None else names, self.scale)
