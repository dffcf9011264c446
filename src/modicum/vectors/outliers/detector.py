"""What all detectors of outliers share: rows held out, from which the threshold comes, and scikit-learn's answers.

A detector is final: it inherits `Detector`, stores its settings, and writes `_learn` and `_typicality`. A part of the
rows it is given is kept for the threshold alone, so that the promised rate of false alarms holds for any sample size.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.vectors.outliers.conformal_p_values import alarm_threshold, conformal_p_values

Floats = NDArray[np.floating]


class Detector(OutlierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """Tells typical rows from outliers, at a set rate of false alarms. Its fitted state is numeric arrays.

    Attributes:
        calibration_: Scores of the held-out rows, ascending.
        offset_: Score under which a row is an outlier; minus infinity where too few rows were held out for the rate.
    """

    false_alarms: float
    held_out: float
    random_state: int | None

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn what typical rows (N, D) look like; `y` (N,), if given, are their classes.

        Raises:
            InputError: A setting is out of its range, there are fewer than three rows, or the rows that are learnt from
                are all equal.
        """
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32])
        rate = check_fraction(self.false_alarms, "false_alarms")
        share = check_fraction(self.held_out, "held_out")
        if len(rows) < 3:
            raise InputError(
                f"{'1 sample is' if len(rows) == 1 else '2 samples are'} too few: two rows to learn from and one to "
                "hold out are needed"
            )
        codes = np.zeros(len(rows), dtype=np.int64)
        if y is not None:
            check_consistent_length(rows, y)
            codes = np.unique(column_or_1d(y), return_inverse=True)[1].astype(np.int64)
        order = np.random.default_rng(self.random_state).permutation(len(rows))
        count = min(max(1, round(share * len(rows))), len(rows) - 2)
        own, learnt = np.sort(order[:count]), np.sort(order[count:])
        if (rows[learnt] == rows[learnt[0]]).all():
            raise InputError("all rows are equal, so nothing tells how typical rows differ; give other vectors")
        self._learn(rows[learnt], codes[learnt])
        self.calibration_ = np.sort(self._typicality(rows[own]))
        self.offset_ = alarm_threshold(self.calibration_, rate)
        return self

    def score_samples(self, X: ArrayLike) -> Floats:
        """How typical rows (N, D) are (N,): higher is more typical."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._typicality(rows)

    def decision_function(self, X: ArrayLike) -> Floats:
        """`score_samples` (N,) less the threshold: outliers are below 0."""
        return np.asarray(self.score_samples(X) - self.offset_)

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """1 for typical rows and -1 for outliers (N,)."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def p_values(self, X: ArrayLike) -> NDArray[np.float64]:
        """Conformal p-values (N,): of typical rows, at most a share t has a value of at most t, in expectation."""
        return conformal_p_values(self.score_samples(X), self.calibration_)

    @abstractmethod
    def _learn(self, X: Floats, codes: NDArray[np.int64]) -> None:
        """Set the fitted arrays from validated vectors (N, D) and their classes (N,), all 0 where none are known."""

    @abstractmethod
    def _typicality(self, X: Floats) -> Floats:
        """Scores (N,) of validated vectors (N, D)."""

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a threshold."""
        return hasattr(self, "offset_")
