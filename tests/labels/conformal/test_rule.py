"""The rule with added classes: what was promised for the others stays, to the set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import SCORES, ConformalRule, cross_conformal, split_conformal


def world(rng, n=600, classes=5):
    proba = rng.dirichlet(np.full(classes, 0.5), size=n)
    return proba, (proba.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(SCORES)), st.booleans(), st.integers(1, 3))
def test_the_others_part_of_a_set_is_what_it_was(seed, score, per_class, more):
    rng = np.random.default_rng(seed)
    proba, codes = world(rng)
    rule = split_conformal(proba, codes, alpha=0.1, score=score, per_class=per_class)
    larger = rule
    for _ in range(more):
        larger = larger.with_class()
    taken = rng.uniform(0, 0.99, size=(len(proba), 1))
    wide = np.concatenate([(1 - taken) * proba, np.repeat(taken / more, more, axis=1)], axis=1)
    sets = larger.sets(wide)
    # Rounding may turn a class whose score is the threshold itself.
    scores = SCORES[score](proba, **rule.settings)
    close = np.isclose(scores, np.broadcast_to(rule.thresholds, scores.shape), atol=1e-9)
    assert np.array_equal(sets[:, :5] | close, rule.sets(proba) | close)
    if per_class:
        assert sets[:, 5:].all(), "a class that no row was calibrated on is in every set"


def test_an_added_class_enters_by_the_others_threshold():
    rule = ConformalRule("lac", 0.1, (0.6,), "Nine in ten.", 100).with_class()
    assert rule.sets(np.array([[0.05, 0.05, 0.9], [0.5, 0.3, 0.2]])).tolist() == [
        [True, True, True],
        [True, False, False],
    ]
    assert rule.guarantee.startswith("Nine in ten. Classes were added after that: this holds for rows of the others")
    assert rule.with_class().guarantee == rule.guarantee
    assert rule.with_class().added == 2


def test_a_row_that_is_all_of_an_added_class_still_has_a_set():
    rule = ConformalRule("aps", 0.1, (0.9,), "Nine in ten.", 100).with_class()
    assert rule.sets(np.array([[0.0, 0.0, 1.0]])).shape == (1, 3)


def test_nothing_is_called_proven_that_is_not():
    proba, codes = world(np.random.default_rng(0))
    told = cross_conformal(proba, codes, alpha=0.1).guarantee
    assert told.startswith("about 90 % of the sets hold the true class")
    assert told.endswith("; the proven bound for the closely related jackknife+ is 80 %.")
    assert "proven" not in split_conformal(proba, codes, alpha=0.1).guarantee


@pytest.mark.parametrize("score", sorted(SCORES))
def test_stored_and_read_again(score):
    proba, codes = world(np.random.default_rng(0))
    rule = split_conformal(proba, codes, alpha=0.1, score=score).with_class()
    assert ConformalRule.from_dict(rule.to_dict()) == rule


def test_the_promise_in_words():
    proba, codes = np.tile([0.9, 0.1], (1_200, 1)), np.tile([0, 0, 0, 1], 300)
    told = "of the sets hold the true class on average over rows like the labelled ones: calibrated on 1,200"
    seen = "labelled rows, each scored by a model that did not see it"
    bound = f"{seen}; the proven bound for the closely related jackknife+ is"
    own = "rows that nothing else was learnt from"
    assert split_conformal(proba, codes, alpha=0.05).guarantee == f"at least 95 % {told} {own}."
    assert cross_conformal(proba, codes, alpha=0.05).guarantee == f"about 95 % {told} {bound} 90 %."
    assert cross_conformal(proba, codes, alpha=0.6).guarantee == f"about 40 % {told} {bound} 0 %."
    each = split_conformal(proba, codes, alpha=0.05, per_class=True)
    assert (
        each.guarantee
        == f"at least 95 % of the sets hold the true class within every class: calibrated on 1,200 {own}."
    )
    more = "Classes were added after that: this holds for rows of the others; an added class"
    assert each.with_class().guarantee == f"{each.guarantee} {more} is in every set."


def test_rows_are_checked():
    proba = np.tile([0.9, 0.1], (20, 1))
    with pytest.raises(InputError, match=r"must lie between 0 and 1; found 0\.2 to 1\.8"):
        split_conformal(2 * proba, np.zeros(20, dtype=int), alpha=0.1)
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.1; found 0\.\.2"):
        split_conformal(proba, np.tile([0, 2], 10), alpha=0.1)
    with pytest.raises(InputError, match="19 class codes for 20 rows"):
        split_conformal(proba, np.zeros(19, dtype=int), alpha=0.1)


def test_what_cannot_answer_is_refused_when_it_is_read():
    told = {"score": "raps", "alpha": 0.1, "thresholds": [None, 0.5], "guarantee": "so", "calibrated_on": 9}
    rule = ConformalRule.from_dict(told | {"settings": {"penalty": 0.5, "rank": 1}})
    assert rule.to_dict()["thresholds"] == [None, 0.5]
    assert rule.sets(np.array([[0.2, 0.8], [0.4, 0.6]])).tolist() == [[True, False], [True, False]]
    with pytest.raises(TypeError, match="colour"):
        ConformalRule.from_dict(told | {"settings": {"colour": 1}})
    with pytest.raises(InputError, match="penalty and rank must be at least 0"):
        ConformalRule.from_dict(told | {"settings": {"rank": -1}})


def test_rules_stored_before_classes_could_be_added_are_read():
    told = {"score": "lac", "alpha": 0.1, "thresholds": [0.5], "guarantee": "so", "calibrated_on": 9}
    assert ConformalRule.from_dict(told) == ConformalRule("lac", 0.1, (0.5,), "so", 9)
