"""What all heads share: validation, the fitted rule, and how it answers.

A head is final: it inherits `LinearHead` and writes `_fit_rule` alone, or, where its rule is not linear, inherits
`Head` and writes `_learn` and `_scores`. Every head takes the same facts in `fit`, and uses those its card says it
needs, so that recipes can swap one for another. A fitted head can be given one more class while the scores of the
others stay where they are: `with_class`.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from modicum.core.arrays import softmax
from modicum.core.checks import check_several, check_vectors
from modicum.core.errors import InputError
from modicum.core.softmax import fit_row, name_prior, with_names

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
            ValueError: An array has the wrong shape or type, or holds NaN; a label is not among `classes`; there is
                only one class; a setting of the head is not known or out of its range.
        """
        rows, labels = self._validated(X, y)
        if labels.dtype.kind == "f":  # for integers and names it only warns that many classes look like a regression
            check_classification_targets(labels)
        weight = _check_sample_weight(sample_weight, rows, dtype=rows.dtype, ensure_non_negative=True)
        self.classes_ = np.unique(labels) if classes is None else np.asarray(classes)
        codes = _codes(labels, self.classes_)
        names = _names(class_vectors, rows.shape[1], len(self.classes_))
        pool = None
        if X_unlabelled is not None:
            pool = check_vectors(X_unlabelled, width=rows.shape[1], what="unlabelled vectors")
        self._learn(Facts(rows, codes, weight, len(self.classes_), names, pool))
        return self

    def with_class(self, label: Any, X: ArrayLike, y: ArrayLike, *, class_vectors: ArrayLike | None = None) -> Self:
        """The fitted head with one more class, as its last; the scores of the other classes stay as they are.

        Args:
            label: The new class.
            X: Vectors (N, D) of rows of the new class, and of rows of the others from which it is to be told apart.
                The others are weighted so that an average class of theirs counts as much as the new one.
            y: Their classes (N,).
            class_vectors: Embedded names (K + 1, D), that of the new class last.

        Returns:
            Another head; this one is not changed.

        Raises:
            ValueError: An array has the wrong shape or type, or holds NaN; a label is neither `label` nor among
                `classes_`; the class is there already, has no row, or no other class has one; the head cannot grow.
        """
        check_is_fitted(self)
        rows: NDArray[np.floating] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        if label in self.classes_:
            raise InputError(f"the class {str(label)!r} is there already; give the new class another name")
        larger = copy.copy(self)
        larger.classes_ = np.append(self.classes_, label)
        codes = _codes(np.asarray(y), larger.classes_)
        new = codes == len(self.classes_)
        if not new.any() or new.all():
            raise InputError("a new class is learnt from rows of its own and rows of other classes; give both")
        balance = new.sum() * len(np.unique(codes[~new])) / (~new).sum()
        weight = np.where(new, 1.0, balance).astype(rows.dtype)
        names = _names(class_vectors, rows.shape[1], len(larger.classes_))
        larger._grow(Facts(rows, codes, weight, len(larger.classes_), names, None))
        return larger

    def _grow(self, facts: Facts) -> None:
        """Replace the fitted arrays by ones that know the last class of the facts, too."""
        raise InputError(f"a fitted {type(self).__name__} cannot be given a class; fit it again")

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

    def _grow(self, facts: Facts) -> None:
        w, c = self._new_row(facts)
        self.coef_, self.intercept_ = np.append(self.coef_, [w], axis=0), np.append(self.intercept_, c)

    def _new_row(self, facts: Facts) -> tuple[NDArray[np.floating], float]:
        """Weights (D,) and intercept of the last class, by softmax regression with the head's own settings."""
        told = self.get_params(deep=False)
        X, Y, weight = with_names(
            facts.X, facts.targets, facts.weight, facts.class_vectors, told.get("name_weight", 0.0)
        )
        prior = name_prior(facts.class_vectors, told.get("prior_scale", 0.0))
        return fit_row(
            X,
            Y[:, -1] > 0,
            (self.coef_, self.intercept_),
            sample_weight=weight,
            C=told.get("C", 30.0),
            prior=None if prior is None else prior[-1],
        )

    def _scores(self, X: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(X @ self.coef_.T.astype(X.dtype) + self.intercept_.astype(X.dtype))


class ClosedFormHead(LinearHead):
    """A linear head each of whose rows is computed by itself: a new class's row is that of a new fit."""

    def _new_row(self, facts: Facts) -> tuple[NDArray[np.floating], float]:
        W, b = self._fit_rule(replace(facts, weight=np.ones_like(facts.weight)))
        return W[-1], float(b[-1])


def _names(vectors: ArrayLike | None, width: int, classes: int) -> NDArray[np.floating] | None:
    return None if vectors is None else check_vectors(vectors, width=width, rows=classes, what="class vectors")


def _codes(y: NDArray[Any], classes: NDArray[Any]) -> NDArray[np.int64]:
    check_several(classes)
    order = np.argsort(classes)
    place = np.minimum(np.searchsorted(classes, y, sorter=order), len(classes) - 1)
    codes = order[place]
    missing = classes[codes] != y
    if missing.any():
        raise InputError(f"label {str(y[missing][0])!r} is not one of the {len(classes)} classes")
    return codes.astype(np.int64)
