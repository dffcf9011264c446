"""The verbs that every score shares: calibrate on rows with known classes, then give sets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from modicum.core.checks import check_codes, check_probabilities
from modicum.labels.conformal.threshold import threshold


class ScoreRule(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """A threshold on a non-conformity score. A final class writes `scores` alone.

    Attributes:
        threshold_: Largest score that still conforms; infinite where the rows were too few for `alpha`.
    """

    def __init__(self, alpha: float = 0.1) -> None:
        self.alpha = alpha

    @abstractmethod
    def scores(self, proba: NDArray[np.floating]) -> NDArray[np.floating]:
        """Non-conformity (N, K) for probabilities (N, K); lower conforms better."""

    def calibrate(self, proba: ArrayLike, codes: ArrayLike) -> Self:
        """Set the threshold from probabilities (n, K) and true classes (n,) of rows the model never saw.

        Raises:
            InputError: These are no probabilities or codes, or `alpha` is not between 0 and 1.
        """
        checked = check_probabilities(proba)
        truth = check_codes(codes, classes=checked.shape[1], rows=len(checked))
        self.threshold_ = threshold(self.scores(checked)[np.arange(len(truth)), truth], self.alpha)
        return self

    def sets(self, proba: ArrayLike) -> NDArray[np.bool_]:
        """Prediction sets as a mask (N, K); a row of a set can be empty."""
        check_is_fitted(self)
        return np.asarray(self.scores(check_probabilities(proba)) <= self.threshold_)
