"""Figures for rows that may have several labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_indicators, check_vectors
from modicum.core.errors import InputError
from modicum.evaluation.metrics.intervals import wilson_interval

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LabelScores:
    """Figures of each label (K,); a share with nothing to divide by is 0, an average precision then NaN."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    """Mean precision at each true row, in order of probability; NaN for a label of no row."""
    support: NDArray[np.int64]
    predicted: NDArray[np.int64]
    micro_f1: float
    """F1 of all pairs of a row and a label together."""

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels that a row has."""
        known = self.support > 0
        return float(self.f1[known].mean()) if known.any() else 0.0


def label_scores(Y: NDArray[np.integer], predicted: NDArray[np.integer], scores: Floats) -> LabelScores:
    """Figures from true labels (N, K), predicted labels (N, K), both 0 or 1, and scores (N, K), higher more likely.

    Raises:
        InputError: There is no row, or the arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> truth, given = np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]])
        >>> found = label_scores(truth, given, np.array([[0.9, 0.2], [0.4, 0.7]]))
        >>> found.recall.tolist(), round(found.micro_f1, 3)
        ([0.5, 1.0], 0.8)
    """
    truth, given, scores = check_indicators(Y), check_indicators(predicted), check_vectors(scores, what="scores")
    if not truth.shape == given.shape == scores.shape or not len(truth):
        raise InputError(
            f"labels, predictions and scores of shapes {truth.shape}, {given.shape}, {scores.shape}; give (N, K) each"
        )
    right = (truth & given).sum(axis=0, dtype=np.int64)
    support, told = truth.sum(axis=0, dtype=np.int64), given.sum(axis=0, dtype=np.int64)
    both = support + told
    return LabelScores(
        right / np.maximum(told, 1),
        right / np.maximum(support, 1),
        2 * right / np.maximum(both, 1),
        np.array([_average_precision(truth[:, k], scores[:, k]) for k in range(truth.shape[1])]),
        support,
        told,
        float(2 * right.sum() / max(int(both.sum()), 1)),
    )


def f1_interval(Y: NDArray[np.integer], predicted: NDArray[np.integer], level: float = 0.95) -> tuple[float, float]:
    """Confidence interval of micro F1 from true labels (N, K) and predicted ones (N, K), both 0 or 1.

    With J the share of right labels among all that are true or predicted, F1 is 2 J / (1 + J), so the ends are those of
    Wilson's interval of J. Labels of one row are right or wrong together: they count as so many fewer as the rows vary
    more than single labels would. Without any label it is 0 to 1.

    Raises:
        InputError: The arrays do not belong together, or `level` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> truth, given = np.tile([[1, 0], [1, 1]], (20, 1)), np.tile([[1, 0], [0, 1]], (20, 1))
        >>> low, high = f1_interval(truth, given)
        >>> round(low, 2), round(high, 2)
        (0.7, 0.87)
    """
    truth = check_indicators(Y)
    given = check_indicators(predicted, rows=len(truth))
    if truth.shape != given.shape:
        raise InputError(f"labels and predictions of shapes {truth.shape} and {given.shape}; give (N, K) each")
    right, either = (truth & given).sum(axis=1, dtype=np.int64), (truth | given).sum(axis=1, dtype=np.int64)
    right, either = right[either > 0], either[either > 0]
    pairs, rows = int(either.sum()), len(either)
    if pairs == 0:
        return wilson_interval(0, 0, level)
    share = float(right.sum() / pairs)
    # Between no and full dependence of a row's labels; full where all are right, or none, which does not tell.
    most = float((either**2).sum() / pairs)
    spread, alone = float(((right - share * either) ** 2).sum()) * rows / max(rows - 1, 1), share * (1 - share) * pairs
    count = max(1, round(pairs / (min(max(spread / alone, 1.0), most) if alone > 0 else most)))
    low, high = wilson_interval(round(share * count), count, level)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def _average_precision(truth: NDArray[np.uint8], scores: Floats) -> float:
    """Area under the steps of precision over recall; equal scores count together, as in scikit-learn."""
    if not truth.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    found = np.cumsum(truth[order], dtype=np.int64)[ends]
    return float(np.diff(found, prepend=0) @ (found / (ends + 1)) / found[-1])


def label_losses(proba: Floats, Y: NDArray[np.integer], floor: float = 1e-6) -> NDArray[np.float64]:
    """Log-loss of each row in nats, summed over its labels (N,); probabilities are cut at `floor` either way.

    Example:
        >>> import numpy as np
        >>> label_losses(np.array([[0.5, 0.5]]), np.array([[1, 0]])).round(3).tolist()
        [1.386]
    """
    truth = check_indicators(Y, rows=len(proba))
    told = np.clip(np.where(truth == 1, proba, 1 - np.asarray(proba, dtype=np.float64)), floor, 1)
    return np.asarray(-np.log(told).sum(axis=1))
