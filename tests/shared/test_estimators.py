"""Checks of the estimator role, applied to every estimator that a card names: found by walking, never by list."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from modicum.workspace.registry import methods


def several_labels(estimator):
    """Whether it takes an indicator matrix: scikit-learn's checks hand out classes, so its own tests check it."""
    return estimator.__sklearn_tags__().target_tags.multi_output


def estimators():
    found = (method.load() for method in methods() if method.card.room != "weights")
    made = [
        thing()
        for thing in found
        if inspect.isclass(thing) and hasattr(thing, "fit") and issubclass(thing, BaseEstimator)
    ]
    return [estimator for estimator in made if not several_labels(estimator)]


@parametrize_with_checks(estimators())
def test_scikit_learn_conventions(estimator, check):
    check(estimator)


def classifiers():
    return [
        e for e in estimators() if hasattr(e, "predict_proba") and "X_unlabelled" in inspect.signature(e.fit).parameters
    ]


@pytest.mark.parametrize("head", classifiers(), ids=lambda e: type(e).__name__)
class TestHeads:
    """Every head takes the same facts and keeps the same promises."""

    def world(self, dtype=np.float64):
        rng = np.random.default_rng(5)
        centres = 2 * rng.normal(size=(4, 8))
        y = np.repeat(np.arange(4), 12)
        X = centres[y] + 0.2 * rng.normal(size=(48, 8))
        return X.astype(dtype), y, centres.astype(dtype)

    def fit(self, head, X, y, names):
        return clone(head).fit(X, y, classes=np.arange(4), class_vectors=names, X_unlabelled=X)

    def test_solves_an_easy_world(self, head):
        X, y, names = self.world()
        assert self.fit(head, X, y, names).score(X, y) == 1.0

    def test_arguments_are_not_changed(self, head):
        X, y, names = self.world()
        before = X.copy(), y.copy(), names.copy()
        self.fit(head, X, y, names)
        for was, now in zip(before, (X, y, names), strict=True):
            assert np.array_equal(was, now)

    def test_twice_gives_the_same(self, head):
        X, y, names = self.world()
        first, second = (self.fit(head, X, y, names).predict_proba(X) for _ in range(2))
        assert np.array_equal(first, second)

    def test_probabilities_sum_to_one_and_agree_with_predict(self, head):
        X, y, names = self.world(np.float32)
        fitted = self.fit(head, X, y, names)
        proba = fitted.predict_proba(X)
        np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
        assert np.array_equal(fitted.classes_[proba.argmax(axis=1)], fitted.predict(X))

    def test_one_row_a_class_is_enough(self, head):
        X, y, names = self.world()
        first = np.array([0, 12, 24, 36])
        assert self.fit(head, X[first], y[first], names).score(X, y) > 0.9

    def test_a_class_without_rows_keeps_its_column(self, head):
        X, y, names = self.world()
        keep = y < 3
        fitted = self.fit(head, X[keep], y[keep], names)
        assert fitted.predict_proba(X).shape == (48, 4)
