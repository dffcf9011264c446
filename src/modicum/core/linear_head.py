"""What all heads share: validation, the fitted rule, and how it answers.

A head is final: it inherits `LinearHead` and writes `_fit_rule` alone, or, where its rule is not linear, inherits
`Head` and writes `_learn` and `_scores`. Every head takes the same facts in `fit`, and uses those its card says it
needs, so that recipes can swap one for another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from modicum.core.arrays import softmax
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

NEVER = -1e6
"""Intercept of a class that nothing is known of: its probability is 0 in floating point."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What a head may learn from, validated: rows, targets and what else is known."""

    X: NDArray[np.floating]
    """Labelled vectors (N, D)."""
    codes: NDArray[np.int64]
    """Class of each row (N,), in 0..K-1."""
    weight: NDArray[np.floating]
    """Weight of each row (N,)."""
    classes: int
    """K; some classes may have no labelled row."""
    class_vectors: NDArray[np.floating] | None
    """Embedded class names (K, D), or None."""
    X_unlabelled: NDArray[np.floating] | None
    """Vectors without a label (M, D), or None."""

    @property
    def targets(self) -> NDArray[np.floating]:
        """Indicator matrix (N, K) in the precision of X."""
        return np.eye(self.classes, dtype=self.X.dtype)[self.codes]

    def pool(self, most: int, random_state: int | None) -> NDArray[np.floating]:
        """Vectors without a label, at most `most` and then drawn at random, in the precision of X; perhaps none."""
        if self.X_unlabelled is None:
            return np.empty((0, self.X.shape[1]), dtype=self.X.dtype)
        pool = self.X_unlabelled
        if len(pool) > most:
            pool = pool[np.sort(np.random.default_rng(random_state).choice(len(pool), most, replace=False))]
        return pool.astype(self.X.dtype, copy=False)


class Head(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn is untyped
    """A classifier on fixed vectors that gives a score for every class. Its fitted state is numeric arrays.

    Attributes:
        classes_: Class labels (K,), in the order of all columns.
    """

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        classes: ArrayLike | None = None,
        class_vectors: ArrayLike | None = None,
        X_unlabelled: ArrayLike | None = None,
    ) -> Self:
        """Learn the rule.

        Args:
            X: Vectors (N, D) of the labelled rows.
            y: Their classes (N,).
            sample_weight: Weight of each row (N,), at least 0; default 1.
            classes: All classes (K,), also those without a labelled row; default the sorted classes of `y`.
            class_vectors: Embedded names of `classes` (K, D).
            X_unlabelled: Vectors (M, D) without a label.

        Raises:
            ValueError: An array has the wrong shape or type, or holds NaN; a label is not among `classes`.
        """
        rows, labels = self._validated(X, y)
        if labels.dtype.kind == "f":  # for integers and names it only warns that many classes look like a regression
            check_classification_targets(labels)
        weight = _check_sample_weight(sample_weight, rows, dtype=rows.dtype, ensure_non_negative=True)
        self.classes_ = np.unique(labels) if classes is None else np.asarray(classes)
        codes = _codes(labels, self.classes_)
        names = None
        if class_vectors is not None:
            names = check_vectors(class_vectors, width=rows.shape[1], rows=len(self.classes_), what="class vectors")
        pool = None
        if X_unlabelled is not None:
            pool = check_vectors(X_unlabelled, width=rows.shape[1], what="unlabelled vectors")
        facts = Facts(rows, codes, weight, len(self.classes_), names, pool)
        self._learn(facts)
        return self

    @abstractmethod
    def _learn(self, facts: Facts) -> None:
        """Set the fitted arrays, whose names end in an underscore."""

    @abstractmethod
    def _scores(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the scores (N, K) of validated vectors (N, D)."""

    def decision_function(self, X: ArrayLike) -> NDArray[np.floating]:
        """Scores (N, K), higher is more likely; with two classes the difference (N,), as scikit-learn has it."""
        scores = self.scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict_proba(self, X: ArrayLike) -> NDArray[np.floating]:
        """Probabilities (N, K), columns in the order of `classes_`."""
        return softmax(self.scores(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Most probable class of each row (N,)."""
        best = self.scores(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def scores(self, X: ArrayLike) -> NDArray[np.floating]:
        """Logarithms of the probabilities up to a constant per row (N, K), also for two classes."""
        check_is_fitted(self)
        rows: NDArray[np.floating] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return self._scores(rows)

    def _validated(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.floating], NDArray[Any]]:
        rows, labels = validate_data(self, X, y, dtype=[np.float64, np.float32])
        return rows, labels


class LinearHead(Head):
    """A head whose fitted rule is softmax(X @ coef_.T + intercept_).

    Attributes:
        classes_: Class labels (K,), in the order of all columns.
        coef_: Weights (K, D).
        intercept_: Intercepts (K,).
    """

    @abstractmethod
    def _fit_rule(self, facts: Facts) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return weights (K, D) and intercepts (K,)."""

    def _learn(self, facts: Facts) -> None:
        coef, intercept = self._fit_rule(facts)
        self.coef_, self.intercept_ = np.asarray(coef, np.float64), np.asarray(intercept, np.float64)

    def _scores(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(X @ self.coef_.T.astype(X.dtype) + self.intercept_.astype(X.dtype))


def _codes(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    order = np.argsort(classes)
    place = np.minimum(np.searchsorted(classes, y, sorter=order), len(classes) - 1)
    codes = order[place]
    missing = classes[codes] != y
    if missing.any():
        raise InputError(f"label {str(y[missing][0])!r} is not one of the {len(classes)} classes")
    if len(classes) < 2:
        raise InputError(f"there is only one class, {classes[0]!r}; a classifier needs at least two classes")
    return codes.astype(np.int64)
