"""The cascade: static vectors answer what they are sure of, the encoder the rest.

A linear student learns on static vectors what the model answers on the table's rows. Its confidence from which on it
may answer by itself is set on rows it did not learn from, so that the accuracy it is expected to lose, by the model's
own calibrated probabilities, stays within a tolerance. No label is needed for that.

Prediction sets of a cascade have thresholds of their own: held-out rows are answered by whichever stage would answer
them, and calibrated as they come.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.core.progress import Progress, silent
from modicum.labels.conformal import ConformalRule
from modicum.labels.weak import distill

Floats = NDArray[np.floating]
MOST_ROWS = 10_000
"""Rows the student learns from at most."""
C = 30.0
FOLDS = 2


@dataclass(frozen=True, eq=False)
class Cascade:
    """The student, and when it may answer."""

    coef: Floats
    """Weights (K, D) on static vectors."""
    intercept: Floats
    """Intercepts (K,)."""
    threshold: float
    """Confidence, 0 to 1, from which on the student answers."""
    share: float
    """Share of rows it is expected to answer."""
    expected_loss: float
    """Accuracy, as a fraction of all rows, that is expected to be lost by that."""
    conformal: ConformalRule | None = None
    """Prediction sets for what the two stages send out together; None where nothing could be promised."""

    def proba(self, static: Floats) -> Floats:
        """Probabilities (N, K) of static vectors (N, D)."""
        return softmax(static.astype(np.float64) @ self.coef.T + self.intercept)

    def sure(self, proba: Floats) -> NDArray[np.bool_]:
        """Mask (N,) of the rows that need no other answer."""
        return np.asarray(proba.max(axis=1) >= self.threshold)

    def mixed(self, student: Floats, exact: Floats) -> Floats:
        """What is sent out (N, K): the student's probabilities (N, K) where it is sure, else the exact ones."""
        return np.where(self.sure(student)[:, None], student, exact)


@dataclass(frozen=True, eq=False)
class FittedCascade:
    """A cascade, and what the student says of rows it did not learn from."""

    cascade: Cascade
    rows: NDArray[np.int64]
    """Rows (m,) of the table that were looked at."""
    proba: Floats
    """Held-out probabilities (m, K) of the student."""
    sent: Floats | None = None
    """Held-out probabilities (n, K) of what the cascade sends out, on which its sets were calibrated."""
    codes: NDArray[np.int64] | None = None
    """True classes (n,) of these rows."""

    def held_out(self, rows: NDArray[np.int64], static: Floats) -> Floats:
        """The student's probabilities (n, K) of rows (n,) of the table, each by a student that did not learn from it.

        `static` are the static vectors (N, D) of the whole table.
        """
        place = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        seen = self.rows[place] == rows
        out = self.cascade.proba(np.asarray(static[rows]))
        out[seen] = self.proba[place[seen]]
        return out


def fit_cascade(
    static: Floats, teacher: Floats, *, tolerance: float, rng: np.random.Generator, progress: Progress = silent
) -> FittedCascade:
    """Fit a student and its threshold.

    Args:
        static: Static vectors (N, D) of the table's rows.
        teacher: The model's calibrated probabilities (N, K) for them.
        tolerance: Accuracy that may be lost, as a fraction of all rows.
        rng: Draws the rows and the folds.
        progress: Called with the stage `cascade` and the number of students fitted.
    """
    rows = np.sort(rng.permutation(len(static))[:MOST_ROWS])
    X, proba = np.asarray(static[rows]), np.asarray(teacher[rows], dtype=np.float64)
    held_out = np.empty_like(proba)
    fold = rng.permutation(len(rows)) % FOLDS
    for k in range(FOLDS):
        progress("cascade", k, FOLDS + 1)
        W, b = distill(X[fold != k], proba[fold != k], C=C)
        held_out[fold == k] = softmax(X[fold == k] @ W.T + b)
    threshold, share, loss = sure_from(held_out, proba, tolerance)
    progress("cascade", FOLDS, FOLDS + 1)
    W, b = distill(X, proba, C=C)
    progress("cascade", FOLDS + 1, FOLDS + 1)
    return FittedCascade(Cascade(W, b, threshold, share, loss), rows, held_out)


def sure_from(student: Floats, teacher: Floats, tolerance: float) -> tuple[float, float, float]:
    """Lowest confidence at which the student's answers cost at most `tolerance` in accuracy.

    Args:
        student: Its probabilities (N, K) on rows it did not learn from.
        teacher: Calibrated probabilities (N, K): the accuracy lost on a row is what the teacher thinks of its own
            answer less what it thinks of the student's.
        tolerance: Fraction of all rows.

    Returns:
        The confidence (above 1 where the student may answer nothing), the share of rows it answers, and the loss.

    Example:
        >>> import numpy as np
        >>> teacher = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
        >>> student = np.array([[0.95, 0.05], [0.7, 0.3], [0.6, 0.4]])
        >>> sure_from(student, teacher, 0.01)
        (0.7, 0.6666666666666666, 0.0)
    """
    each, confidence = np.arange(len(student)), student.max(axis=1)
    lost = teacher.max(axis=1) - teacher[each, student.argmax(axis=1)]
    order = np.argsort(-confidence, kind="stable")
    total = np.cumsum(lost[order]) / len(student)
    last = np.append(confidence[order][1:] < confidence[order][:-1], True)
    allowed = np.flatnonzero((total <= tolerance) & last)
    if len(allowed) == 0:
        return 1.1, 0.0, 0.0
    place = allowed[-1]
    return float(confidence[order][place]), float((place + 1) / len(student)), float(total[place])
