"""One more class in a fitted head: the others' scores stay, it is found, and closed forms equal a new fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from modicum.core import InputError
from modicum.core.linear_head import Facts, LinearHead
from modicum.core.softmax import name_prior
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


@pytest.mark.parametrize(
    "head", [NamesAndShots(C=1e-9, prior_scale=3.0), BalancedSelfTraining(C=1e-9, prior_scale=3.0)]
)
def test_where_rows_weigh_nothing_the_new_row_is_what_its_own_name_says(head):
    X, y, names = world(3)
    _, after = grown(head, X, y, names)
    np.testing.assert_allclose(after.coef_[-1], name_prior(names, 3.0)[-1], atol=1e-6)


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


class Told(LinearHead):
    """A head that learns nothing and keeps what it is told; its scores are the first K numbers of a row."""

    def _fit_rule(self, facts):
        self.facts_ = facts
        return np.eye(facts.classes, facts.X.shape[1]), np.zeros(facts.classes)

    def _grow(self, facts):
        self.facts_ = facts
        self.coef_, self.intercept_ = np.eye(facts.classes, facts.X.shape[1]), np.zeros(facts.classes)


def test_facts_are_what_was_handed_in_in_the_order_of_the_classes():
    X, names = np.arange(12, dtype=np.float32).reshape(4, 3), np.eye(3)
    head = Told().fit(X, ["b", "a", "b", "c"], [1, 2, 0, 3], classes=["c", "b", "a"], class_vectors=names)
    facts = head.facts_
    assert head.classes_.tolist() == ["c", "b", "a"]
    assert facts.codes.tolist() == [1, 2, 1, 0]
    assert facts.targets.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
    assert facts.weight.tolist() == [1, 2, 0, 3]
    assert facts.X.dtype == facts.weight.dtype == facts.targets.dtype == np.float32
    assert facts.class_vectors is names
    plain = Told().fit(X, ["b", "a", "b", "c"])
    assert plain.classes_.tolist() == ["a", "b", "c"]
    assert plain.facts_.weight.tolist() == [1, 1, 1, 1]
    assert (plain.facts_.class_vectors, plain.facts_.X_unlabelled) == (None, None)


def test_rows_without_a_label_are_all_taken_or_so_many_drawn():
    X, more = np.zeros((2, 2), dtype=np.float32), np.arange(20.0).reshape(10, 2)
    facts = Told().fit(X, [0, 1], X_unlabelled=more).facts_
    np.testing.assert_array_equal(facts.pool(10, 0), more)
    drawn = facts.pool(9, 0)
    assert drawn.dtype == np.float32
    assert (np.diff(drawn[:, 0]) > 0).all(), "rows keep their order, and none comes twice"
    assert {tuple(row) for row in drawn.tolist()} < {tuple(row) for row in more.tolist()}
    np.testing.assert_array_equal(facts.pool(9, 0), drawn)
    assert any(not np.array_equal(facts.pool(9, seed), drawn) for seed in range(1, 5))
    nothing = Facts(X, np.array([0, 1]), np.ones(2), 2, None, None).pool(5, 0)
    assert (nothing.shape, nothing.dtype) == ((0, 2), np.float32)


def test_an_average_class_of_the_others_weighs_as_much_as_the_new_one():
    """Two rows of the new class, three and one of two others; a third one has no row and counts for nothing."""
    head = Told().fit(np.zeros((3, 5)), ["a", "b", "c"])
    X, y = np.zeros((6, 5)), np.array(["new", "a", "a", "a", "b", "new"])
    grown_head = head.with_class("new", X, y, class_vectors=np.eye(4, 5))
    facts = grown_head.facts_
    assert facts.codes.tolist() == [3, 0, 0, 0, 1, 3]
    assert (facts.classes, facts.X_unlabelled) == (4, None)
    assert facts.weight[[0, 5]].tolist() == [1, 1]
    assert facts.weight[1:5].tolist() == [1, 1, 1, 1], "two classes of 2 rows in the mean, beside one of 2"
    assert head.classes_.tolist() == ["a", "b", "c"]
    alone = head.with_class("new", X[:2], y[:2]).facts_
    assert alone.weight.tolist() == [1, 1]
    many = head.with_class("new", X[[0, 5, 1]], y[[0, 5, 1]]).facts_
    assert many.weight.tolist() == [1, 1, 2]


def test_answers_follow_the_scores():
    X = np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 5.0]])
    head = Told().fit(X[[0, 1, 1]], ["a", "b", "c"])
    np.testing.assert_array_equal(head.scores(X), X)
    np.testing.assert_array_equal(head.decision_function(X), X)
    assert head.predict(X).tolist() == ["a", "c"]
    np.testing.assert_allclose(head.predict_proba(X), np.exp(X) / np.exp(X).sum(axis=1, keepdims=True))
    two = Told().fit(X, ["a", "b"])
    assert two.decision_function(X).tolist() == [-2.0, 2.0]
    assert two.scores(X).tolist() == [[3.0, 1.0], [0.0, 2.0]]


def test_what_cannot_be_learnt_from_is_refused():
    X = np.zeros((3, 2))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        Told().fit(X, [0.1, 0.2, 0.7])
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        Told().fit(X, [0, 1, 1], [1, -1, 1])
    with pytest.raises(InputError, match="label 'c' is not one of the 2 classes"):
        Told().fit(X, ["a", "b", "c"], classes=["b", "a"])
    with pytest.raises(InputError, match="there is only one class, 'a'; a classifier needs at least two classes"):
        Told().fit(X, ["a", "a", "a"])
    with pytest.raises(InputError, match="there is no class"):
        Told().fit(X, ["a", "a", "a"], classes=[])
    with pytest.raises(InputError, match="class vectors have 3 rows where the table has 2"):
        Told().fit(X, [0, 1, 1], class_vectors=np.zeros((3, 2)))
    with pytest.raises(InputError, match="class vectors are 3 wide where 2 is expected"):
        Told().fit(X, [0, 1, 1], class_vectors=np.zeros((2, 3)))
    with pytest.raises(InputError, match="unlabelled vectors are 3 wide where 2 is expected"):
        Told().fit(X, [0, 1, 1], X_unlabelled=np.zeros((1, 3)))
    with pytest.raises(NotFittedError):
        Told().predict(X)
