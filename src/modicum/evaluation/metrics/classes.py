"""How well each class is found, and what it is taken for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

from modicum.core.checks import check_codes
from modicum.evaluation.metrics.rows import ANY, check_truth

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Precision, recall and F1 (K,), 0 where undefined, and the number of true rows (K,)."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints


@dataclass(frozen=True)
class Confusion:
    """`count` rows of class `truth` were taken for `predicted`: a `share` (0 to 1) of that class's rows."""

    truth: int
    predicted: int
    count: int
    share: float


def accuracy(codes: Ints, predicted: Ints) -> float:
    """Share of rows (N,) whose predicted class is the true one: 1 is best."""
    truth, answers = _pair(codes, predicted)
    return float((truth == answers).mean())


def macro_f1(codes: Ints, predicted: Ints) -> float:
    """Mean F1 of the classes that occur in the truth; answers of other classes count as misses only.

    Example:
        >>> import numpy as np
        >>> macro_f1(np.array([0, 0, 1]), np.array([0, 0, 2]))
        0.5
    """
    truth, answers = _pair(codes, predicted)
    return float(
        precision_recall_fscore_support(truth, answers, labels=np.unique(truth), average="macro", zero_division=0)[2]
    )


def per_class(codes: Ints, predicted: Ints, classes: int) -> ClassScores:
    """Scores of each of K classes from true and predicted classes (N,)."""
    truth, answers = _pair(codes, predicted, classes)
    return ClassScores(*precision_recall_fscore_support(truth, answers, labels=np.arange(classes), zero_division=0))


def confusions(codes: Ints, predicted: Ints, classes: int, *, top: int = 20) -> list[Confusion]:
    """The `top` most frequent pairs of a class and what it was wrongly taken for, most frequent first.

    Pairs of equal count stand in the order of their codes.

    Example:
        >>> import numpy as np
        >>> confusions(np.array([0, 0, 1]), np.array([1, 1, 1]), 2)
        [Confusion(truth=0, predicted=1, count=2, share=1.0)]
    """
    truth, answers = _pair(codes, predicted, classes)
    wrong = truth != answers
    pairs, counts = np.unique(truth[wrong] * classes + answers[wrong], return_counts=True)
    support = np.bincount(truth, minlength=classes)
    order = np.argsort(-counts, kind="stable")[:top]
    return [
        Confusion(int(p // classes), int(p % classes), int(n), float(n / support[p // classes]))
        for p, n in zip(pairs[order], counts[order], strict=True)
    ]


def mean_distance(codes: Ints, predicted: Ints, distances: Floats) -> float:
    """Mean distance from the true to the predicted class under a class metric (K, K): 0 is best.

    With the distances of a class tree a near miss costs less than a far one; with 0 on the diagonal and 1 elsewhere
    it is one minus the accuracy.

    Example:
        >>> import numpy as np
        >>> mean_distance(np.array([0, 1]), np.array([0, 0]), np.array([[0.0, 2.0], [2.0, 0.0]]))
        1.0
    """
    truth, answers = _pair(codes, predicted, len(distances))
    return float(distances[truth, answers].mean())


def _pair(codes: Ints, predicted: Ints, classes: int = ANY) -> tuple[Ints, Ints]:
    answers = check_codes(predicted, classes=classes)
    return check_truth(codes, len(answers), classes), answers
