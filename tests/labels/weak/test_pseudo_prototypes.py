"""Pseudo-prototypes: the published choice of rows, a world without labels, rounds, labels, edges and errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.labels.weak import PseudoPrototypes, most_confident
from modicum.labels.weak.pseudo_prototypes import pseudo_prototype_rule, rows_per_class


def world(seed, per_class=100, classes=4, width=16, spread=0.25):
    """Clouds around orthogonal centres, and names that lie half-way to the next class's centre, but a little less."""
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), per_class)
    centres = np.eye(width)[:classes]
    X = centres[y] + spread * rng.normal(size=(len(y), width))
    names = 0.6 * centres + 0.4 * np.roll(centres, 1, axis=0) + 0.2 * rng.normal(size=centres.shape)
    return X, y, normalize_rows(names)


@pytest.mark.parametrize(
    ("seed", "rows", "codes"),
    [
        (1, [13, 14, 8, 0, 7, 23, 6, 5], [0, 0, 1, 1, 2, 2, 3, 3]),
        (12, [1, 7, 23, 2, 22, 3, 9], [0, 0, 1, 1, 2, 3, 3]),
    ],
)
def test_parity_with_the_published_choice_of_rows(seed, rows, codes):
    """`top_k_indices_per_class2` of github.com/fazliimam/NoLA (commit ffd99ac); class 2 is nobody's first.

    The two agree wherever no row is wanted twice; where one is, theirs goes to the class of lower number.
    """
    scores = np.random.default_rng(seed).normal(size=(24, 4)) + np.array([0, 0, -2.5, 0])
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    found = most_confident(proba, 2)
    assert found[0].tolist() == rows
    assert found[1].tolist() == codes


def test_a_row_wanted_twice_goes_to_its_first_choice():
    proba = np.array([[0.6, 0.4, 0.0], [0.1, 0.2, 0.7], [0.5, 0.3, 0.2]])
    rows, codes = most_confident(proba, 1)
    assert dict(zip(rows.tolist(), codes.tolist(), strict=True)) == {0: 0, 1: 2, 2: 1}


@pytest.mark.parametrize("head", ["softmax", "mean"])
def test_known_world_without_labels_the_clouds_correct_the_names(head):
    X, y, names = world(0)
    kw = {"class_vectors": names, "X_unlabelled": X}
    first = PseudoPrototypes(rounds=0).fit(names, np.arange(4), **kw).score(X, y)
    taught = PseudoPrototypes(head=head).fit(names, np.arange(4), **kw).score(X, y)
    assert taught > first + 0.03
    assert taught > 0.95


def test_known_world_labels_mend_names_that_are_wrong():
    """Two names have changed places; a few labels, which weigh more than names, turn them back."""
    X, y, names = world(1)
    swapped = names[[1, 0, 2, 3]]
    rows = np.flatnonzero(np.arange(len(y)) % 25 == 0)
    without = PseudoPrototypes().fit(swapped, np.arange(4), class_vectors=swapped, X_unlabelled=X).score(X, y)
    having = PseudoPrototypes().fit(X[rows], y[rows], class_vectors=swapped, X_unlabelled=X).score(X, y)
    assert having > 0.9 > without


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_no_class_takes_more_than_k_and_no_row_serves_twice(seed, k):
    proba = np.random.default_rng(seed).dirichlet(np.ones(5), size=30)
    rows, codes = most_confident(proba, k)
    assert np.bincount(codes, minlength=5).max() <= k
    assert len(set(rows.tolist())) == len(rows)
    first = proba.argmax(axis=1)
    for c in set(first.tolist()):
        own = np.flatnonzero(first == c)
        best = own[np.argsort(-proba[own, c], kind="stable")][:k]
        assert rows[codes == c].tolist() == best.tolist()


@given(st.integers(0, 2**32 - 1))
def test_rotation_changes_no_mean_rule(seed):
    X, _, names = world(seed, per_class=10)
    Q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(X.shape[1], X.shape[1])))
    heads = [
        PseudoPrototypes(head="mean", k=3).fit(V, np.arange(4), class_vectors=V, X_unlabelled=Z)
        for V, Z in ((names, X), (names @ Q, X @ Q))
    ]
    np.testing.assert_allclose(heads[0].predict_proba(X), heads[1].predict_proba(X @ Q), atol=1e-6)


def test_mean_head_by_hand():
    """Centred at the pool's mean, which is 0 here, the rule is the cosine to the mean of name and chosen row."""
    pool = np.array([[1.0, 0.0], [-1.0, 0.0]])
    names = np.array([[0.0, 1.0], [0.0, -1.0]])
    first = np.array([[1.0, 0.1], [-1.0, -0.1]]), np.zeros(2)
    W, b = pseudo_prototype_rule(pool, first, (names, np.eye(2), np.ones(2)), k=1, rounds=1, head="mean")
    np.testing.assert_allclose(W, 20 * np.sqrt(0.5) * np.array([[1.0, 1.0], [-1.0, -1.0]]))
    np.testing.assert_allclose(b, 0)


def test_rows_per_class_is_a_fifth_but_sixteen_at_least():
    assert (rows_per_class(1000, 77), rows_per_class(3000, 6)) == (16, 100)


def test_without_a_pool_or_names_something_is_left():
    X, y, names = world(2, per_class=5)
    alone = PseudoPrototypes().fit(X, y)
    assert alone.score(X, y) > 0.9
    np.testing.assert_array_equal(PseudoPrototypes().fit(X, y, X_unlabelled=X[:0]).coef_, alone.coef_)
    assert PseudoPrototypes().fit(X, y, X_unlabelled=X).score(X, y) > 0.9
    assert PseudoPrototypes().fit(names, np.arange(4), class_vectors=names).predict(names).tolist() == [0, 1, 2, 3]


def test_a_pool_beyond_the_cap_is_drawn_by_the_seed():
    X, _, names = world(3)
    rules = [
        PseudoPrototypes(max_pool=60, random_state=s).fit(names, np.arange(4), class_vectors=names, X_unlabelled=X)
        for s in (0, 0, 1)
    ]
    assert np.array_equal(rules[0].coef_, rules[1].coef_)
    assert not np.array_equal(rules[0].coef_, rules[2].coef_)


def test_errors_name_what_is_wrong():
    X, _, names = world(4, per_class=5)
    with pytest.raises(InputError, match="a class takes at least 1 row, not 0"):
        PseudoPrototypes(k=0).fit(names, np.arange(4), class_vectors=names, X_unlabelled=X)
    with pytest.raises(InputError, match="head 'means' is not known; did you mean 'mean'"):
        PseudoPrototypes(head="means").fit(names, np.arange(4), class_vectors=names, X_unlabelled=X)
