"""How well each class is found, and what it is taken for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_fscore_support

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


def per_class(codes: Ints, predicted: Ints, classes: int) -> ClassScores:
    """Scores of each of K classes from true and predicted classes (N,)."""
    found = precision_recall_fscore_support(codes, predicted, labels=np.arange(classes), zero_division=0)
    return ClassScores(*found)


def macro_f1(codes: Ints, predicted: Ints) -> float:
    """Mean F1 of the classes that occur in the truth.

    Example:
        >>> import numpy as np
        >>> macro_f1(np.array([0, 0, 1]), np.array([0, 0, 2]))
        0.5
    """
    present = np.unique(codes)
    return float(precision_recall_fscore_support(codes, predicted, labels=present, zero_division=0)[2].mean())


def confusions(codes: Ints, predicted: Ints, classes: int, *, top: int = 20) -> list[Confusion]:
    """The `top` most frequent pairs of a class and what it was wrongly taken for, most frequent first.

    Example:
        >>> import numpy as np
        >>> confusions(np.array([0, 0, 1]), np.array([1, 1, 1]), 2)
        [Confusion(truth=0, predicted=1, count=2, share=1.0)]
    """
    wrong = codes != predicted
    pairs, counts = np.unique(codes[wrong] * classes + predicted[wrong], return_counts=True)
    support = np.bincount(codes, minlength=classes)
    order = np.argsort(-counts, kind="stable")[:top]
    return [
        Confusion(int(p // classes), int(p % classes), int(n), float(n / support[p // classes]))
        for p, n in zip(pairs[order], counts[order], strict=True)
    ]
