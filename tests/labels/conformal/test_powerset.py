"""Sets of label combinations: all 2^K by brute force, coverage, a label space nobody can enumerate, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import PowersetRule, powerset_conformal, powerset_scores


def brute_force(row, level, power):
    """Every combination whose score is within the level, as the definition has it."""
    every = itertools.product((False, True), repeat=len(row))
    return {c for c in every if sum(abs(b - p) ** power for b, p in zip(c, row, strict=True)) <= level + 1e-12}


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 4), st.sampled_from([1.0, 2.0, 3.5]))
def test_parity_with_brute_force(seed, level, power):
    row = np.random.default_rng(seed).random(6)
    rule = PowersetRule(level, power)
    found = rule.combinations(row[None])[0]
    assert {tuple(c) for c in found.tolist()} == brute_force(row.tolist(), level, power)
    assert len({tuple(c) for c in found.tolist()}) == len(found)
    scores = powerset_scores(np.tile(row, (len(found), 1)), found, power=power)
    assert (np.diff(scores) >= -1e-9).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 4))
def test_settled_labels_are_those_on_which_all_combinations_agree(seed, level):
    row = np.random.default_rng(seed).random(6)
    rule = PowersetRule(level, 1.0)
    found = np.array(sorted(brute_force(row.tolist(), level, 1.0)))
    if len(found):
        agreed = np.where(found.all(axis=0), 1, np.where(found.any(axis=0), -1, 0))
        assert rule.settled(row[None])[0].tolist() == agreed.tolist()
    else:
        assert (rule.settled(row[None]) == -1).all()


def test_known_world_whole_combinations_are_covered_as_promised():
    rng = np.random.default_rng(0)
    proba = rng.beta(0.2, 0.2, size=(6_000, 5))
    labels = rng.random(proba.shape) < proba
    rule = powerset_conformal(proba[:2_000], labels[:2_000], alpha=0.1)
    covered = powerset_scores(proba[2_000:], labels[2_000:]) <= rule.level
    assert covered.mean() == pytest.approx(0.9, abs=0.02)
    first = rule.combinations(proba[2_000:2_100])
    held = [(c == truth).all(axis=1).any() for c, truth in zip(first, labels[2_000:2_100], strict=True)]
    assert held == covered[:100].tolist()


def test_a_hundred_labels_are_no_burden():
    """2^100 combinations; three labels are open, so eight remain, of which the level admits seven."""
    proba = np.zeros((1, 100))
    proba[0, [3, 30, 70]] = 0.4, 0.6, 0.45
    rule = PowersetRule(0.4 + 0.4 + 0.45 + 0.45, 1.0)
    assert rule.counts(proba).tolist() == [7]
    assert np.flatnonzero(rule.settled(proba)[0] == -1).tolist() == [3, 30, 70]
    assert rule.counts(np.full((1, 100), 0.49), most=50).tolist() == [0]


def test_labels_near_the_middle_are_settled_by_what_is_likelier():
    """Of 0.47 the distance is 0.47 without the label and 0.53 with it: a level of 0.5 holds the first alone."""
    settled = PowersetRule(0.5, 1.0).settled(np.array([[0.47], [0.53], [0.49]]))
    assert settled.ravel().tolist() == [0, 1, 0]
    assert PowersetRule(0.53, 1.0).settled(np.array([[0.47]])).tolist() == [[-1]]


def test_no_more_are_listed_than_asked_for():
    rule, even = PowersetRule(4.0, 1.0), np.full((1, 8), 0.5)
    assert [rule.counts(even, most=most).tolist() for most in (5, 300)] == [[5], [256]]
    assert len(rule.combinations(even, most=5)[0]) == 5


def test_the_level_is_of_the_power_that_answers():
    proba, labels = np.full((19, 2), 0.5), np.zeros((19, 2), bool)
    assert powerset_conformal(proba, labels, alpha=0.1, power=2.0) == PowersetRule(0.5, 2.0)
    assert powerset_conformal(proba, labels, alpha=0.1) == PowersetRule(1.0, 1.0)


def test_errors():
    with pytest.raises(InputError, match=r"label probabilities must lie between 0 and 1; found -0\.5 to 1"):
        powerset_scores(np.array([[-0.5, 1.0]]), np.ones((1, 2), bool))
    with pytest.raises(InputError, match="label probabilities: row 0 holds NaN"):
        powerset_scores(np.array([[np.nan]]), np.ones((1, 1), bool))
    with pytest.raises(InputError, match=r"labels have shape \(2, 3\) where probabilities have \(2, 2\)"):
        powerset_conformal(np.eye(2), np.ones((2, 3), bool), alpha=0.1)
    with pytest.raises(InputError, match="label probabilities must lie between 0 and 1; found 0 to 2"):
        powerset_conformal(2 * np.eye(2), np.ones((2, 2), bool), alpha=0.1)
    with pytest.raises(InputError, match="power must be above 0"):
        powerset_conformal(np.eye(2), np.ones((2, 2), bool), alpha=0.1, power=0)
