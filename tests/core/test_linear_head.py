"""One more class in a fitted head: the others' scores stay, it is found, and closed forms equal a new fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.heads import (
    ClassMean,
    EquiangularBasisVectors,
    GaussianDiscriminant,
    KNNVote,
    Linear,
    NamesAndShots,
    NameSimilarity,
)
from modicum.labels.weak import BalancedSelfTraining, PseudoPrototypes

LINEAR = [ClassMean(), GaussianDiscriminant(), Linear(), NamesAndShots(), BalancedSelfTraining(), PseudoPrototypes()]


def world(seed=0, classes=5, per_class=10, width=8):
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(classes, width))
    y = np.repeat(np.arange(classes), per_class)
    return centres[y] + 0.3 * rng.normal(size=(len(y), width)), y, centres


def grown(head, X, y, names):
    old = y < y.max()
    fitted = head.fit(X[old], y[old], class_vectors=names[:-1])
    return fitted, fitted.with_class(y.max(), X, y, class_vectors=names)


@pytest.mark.parametrize("head", [*LINEAR, NameSimilarity()], ids=lambda h: type(h).__name__)
def test_the_others_keep_their_scores_and_the_new_class_is_found(head):
    X, y, names = world()
    before, after = grown(head, X, y, names)
    np.testing.assert_array_equal(after.scores(X)[:, :-1], before.scores(X))
    assert after.classes_.tolist() == [0, 1, 2, 3, 4]
    assert before.classes_.tolist() == [0, 1, 2, 3]
    assert after.score(X, y) > 0.95


@pytest.mark.parametrize("head", [ClassMean(), ClassMean(metric="cosine"), GaussianDiscriminant(name_scale=0.0)])
def test_a_closed_form_grown_from_all_rows_is_a_new_fit_of_that_row(head):
    X, y, names = world(1)
    _, after = grown(head, X, y, names)
    row, intercept = after.coef_[-1].copy(), after.intercept_[-1]
    new = head.fit(X, y, class_vectors=names)
    np.testing.assert_allclose(row, new.coef_[-1])
    assert intercept == pytest.approx(new.intercept_[-1])


def test_votes_of_rows_that_came_later_count_as_if_they_had_always_been_there():
    X, y, names = world(2)
    before, after = grown(KNNVote(), X, y, names)
    assert before.predict_proba(X).shape == (50, 4)
    np.testing.assert_allclose(after.predict_proba(X), KNNVote().fit(X, y).predict_proba(X))


@given(st.integers(0, 2**32 - 1))
def test_copies_of_the_others_rows_change_nothing(seed):
    """An average class of the others counts as much as the new one, however many rows stand for it."""
    X, y, names = world(seed)
    _, once = grown(Linear(), X, y, names)
    rows = np.concatenate([np.flatnonzero(y < 4), np.arange(len(y))])
    old = y < 4
    twice = Linear().fit(X[old], y[old]).with_class(4, X[rows], y[rows])
    np.testing.assert_allclose(twice.coef_[-1], once.coef_[-1], atol=2e-2)


@given(st.integers(0, 2**32 - 1))
def test_two_classes_one_after_the_other(seed):
    X, y, _ = world(seed)
    old = y < 3
    head = Linear().fit(X[old], y[old])
    both = head.with_class(3, X[y < 4], y[y < 4]).with_class(4, X, y)
    assert both.score(X, y) > 0.9
    np.testing.assert_array_equal(both.coef_[:3], head.coef_)


def test_single_precision_and_one_example():
    X, y, names = world()
    first = (y < 4) | (np.arange(len(y)) == 40)
    head = NamesAndShots().fit(X[y < 4].astype(np.float32), y[y < 4], class_vectors=names[:4])
    after = head.with_class(4, X[first].astype(np.float32), y[first], class_vectors=names)
    assert (after.predict(X[y == 4]) == 4).mean() > 0.8


def test_errors_name_what_is_wrong():
    X, y, names = world()
    head = Linear().fit(X[y < 4], y[y < 4])
    with pytest.raises(InputError, match="the class '3' is there already"):
        head.with_class(3, X, y)
    with pytest.raises(InputError, match="learnt from rows of its own and rows of other classes"):
        head.with_class(4, X[y < 4], y[y < 4])
    with pytest.raises(InputError, match="learnt from rows of its own and rows of other classes"):
        head.with_class(4, X[y == 4], y[y == 4])
    with pytest.raises(InputError, match="label '4' is not one of the 5 classes"):
        head.with_class(5, X, y)
    with pytest.raises(InputError, match="class vectors have 4 rows"):
        head.with_class(4, X, y, class_vectors=names[:4])
    with pytest.raises(InputError, match="a fitted EquiangularBasisVectors cannot be given a class; fit it again"):
        EquiangularBasisVectors().fit(X[y < 4], y[y < 4]).with_class(4, X, y)
