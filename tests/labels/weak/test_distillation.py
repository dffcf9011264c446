"""Distillation: parity with weighted logistic regression, a teacher recovered, temperature, labels, any teacher."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.labels.weak import Distilled, distill


def world(seed, rows=60, width=3, classes=3):
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(classes, width)), rng.normal(size=classes)
    X = rng.normal(size=(rows, width))
    return X, W, b


def centred(rule):
    """Weights and intercepts less their mean over classes, which changes no probability."""
    return [part - part.mean(axis=0) for part in rule]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_parity_with_logistic_regression_on_rows_repeated_for_each_class(temperature):
    """A soft target is one copy of the row for each class, weighted by its probability."""
    X, W, b = world(0)
    proba = softmax(X @ W.T + b)
    soft = proba ** (1 / temperature) / (proba ** (1 / temperature)).sum(axis=1, keepdims=True)
    reference = LogisticRegression(C=0.7, tol=1e-10, max_iter=5000).fit(
        np.repeat(X, 3, axis=0), np.tile(np.arange(3), len(X)), sample_weight=soft.ravel()
    )
    found = distill(X, proba, temperature=temperature, C=0.7)
    for ours, theirs in zip(centred(found), centred((reference.coef_, reference.intercept_)), strict=True):
        np.testing.assert_allclose(ours, temperature * theirs, atol=2e-3)


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 4))
def test_a_linear_teacher_is_recovered_at_any_temperature(seed, temperature):
    X, W, b = world(seed)
    proba = softmax(X @ W.T + b)
    student = distill(X, proba, temperature=temperature, C=1e5)
    np.testing.assert_allclose(softmax(X @ student[0].T + student[1]), proba, atol=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_a_weight_is_that_many_copies(seed, copies):
    X, W, b = world(seed, rows=12)
    proba = softmax(X @ W.T + b)
    weighted = distill(X, proba, sample_weight=np.where(np.arange(12) == 4, copies, 1.0), C=1.0)
    rows = np.append(np.arange(12), np.full(copies - 1, 4))
    for one, other in zip(weighted, distill(X[rows], proba[rows], C=1.0), strict=True):
        np.testing.assert_allclose(one, other, atol=5e-3)


def test_known_world_rows_without_labels_carry_what_the_teacher_knows():
    """The teacher knows a line that ten labels do not show; its opinion of many rows does."""
    X, W, b = world(3, rows=2000, width=20, classes=2)
    truth = (X @ W.T + b).argmax(axis=1)
    few = LogisticRegression(C=30.0).fit(X[:10], truth[:10]).score(X, truth)
    student = distill(X, softmax(X @ W.T + b))
    assert ((X @ student[0].T + student[1]).argmax(axis=1) == truth).mean() > 0.99 > few + 0.1


def test_labels_outvote_a_wrong_teacher_by_their_share():
    X = np.array([[-1.0], [1.0]])
    wrong, labels = np.array([[0.1, 0.9], [0.9, 0.1]]), np.eye(2)
    follows = distill(X, wrong, labels=labels, alpha=0.9)
    corrected = distill(X, wrong, labels=labels, alpha=0.2)
    assert (X @ follows[0].T + follows[1]).argmax(axis=1).tolist() == [1, 0]
    assert (X @ corrected[0].T + corrected[1]).argmax(axis=1).tolist() == [0, 1]


def test_a_row_without_label_weighs_alpha():
    X, W, b = world(4)
    proba = softmax(X @ W.T + b)
    half = distill(X, proba, labels=np.zeros((len(X), 3)), alpha=0.5, C=2.0)
    for one, other in zip(half, distill(X, proba, C=1.0), strict=True):
        np.testing.assert_allclose(one, other, atol=5e-3)


def test_the_student_of_a_curved_teacher_is_linear_and_nearly_as_good():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1, 2], 200)
    X = 2 * np.eye(3)[y] + 0.5 * rng.normal(size=(600, 3))
    some = np.arange(0, 600, 20)
    head = Distilled(KNeighborsClassifier(5)).fit(X[some], y[some], X_unlabelled=X)
    assert head.coef_.shape == (3, 3)
    assert head.score(X, y) > KNeighborsClassifier(5).fit(X[some], y[some]).score(X, y) - 0.01


def test_a_class_the_teacher_has_not_met_keeps_its_column():
    X = np.array([[-1.0], [-0.9], [0.9], [1.0]])
    head = Distilled(GaussianNB()).fit(X, ["b", "b", "a", "a"], classes=["c", "b", "a"])
    assert head.predict_proba(X)[:, 0].max() < 0.2
    assert head.predict(X).tolist() == ["b", "b", "a", "a"]


def test_the_pool_is_capped_by_the_seed_and_the_teacher_stays_unfitted():
    X, W, b = world(6, rows=200)
    y = (X @ W.T + b).argmax(axis=1)
    teacher = GaussianNB()
    rules = [Distilled(teacher, max_pool=20, random_state=s).fit(X, y, X_unlabelled=X).coef_ for s in (0, 0, 1)]
    assert np.array_equal(rules[0], rules[1])
    assert not np.array_equal(rules[0], rules[2])
    assert not hasattr(teacher, "classes_")


def test_errors_name_what_is_wrong():
    X, proba = np.eye(2), np.full((2, 2), 0.5)
    with pytest.raises(InputError, match=r"the teacher's probabilities: row 1 sums to 0\.5, not 1"):
        distill(X, np.array([[0.5, 0.5], [0.5, 0.0]]))
    with pytest.raises(InputError, match="vectors have 3 rows where the table has 2"):
        distill(np.eye(3), proba)
    with pytest.raises(InputError, match="alpha must lie above 0 and not above 1, not 0"):
        distill(X, proba, alpha=0)
    with pytest.raises(InputError, match="temperature must be above 0, not -1"):
        distill(X, proba, temperature=-1)
    with pytest.raises(InputError, match="a StandardScaler cannot teach: it needs fit and predict_proba"):
        Distilled(StandardScaler()).fit(X, [0, 1])
