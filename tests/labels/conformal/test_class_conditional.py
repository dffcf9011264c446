"""Class-conditional sets: every class covered, and honesty about classes with too few rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.metrics import set_metrics
from modicum.labels.conformal import (
    SCORES,
    ConformalRule,
    class_thresholds,
    cross_conformal,
    split_conformal,
    threshold,
)


def unequal(n, rng):
    """A frequent easy class and two rare hard ones, with exact posteriors."""
    shares = np.array([0.8, 0.1, 0.1])
    codes = rng.choice(3, size=n, p=shares)
    x = rng.normal(size=(n, 2)) + np.array([[0, 0], [2, 0], [0, 2]])[codes]
    centres = np.array([[0, 0], [2, 0], [0, 2]])
    joint = shares * np.exp(-0.5 * ((x[:, None] - centres) ** 2).sum(axis=2))
    return joint / joint.sum(axis=1, keepdims=True), codes


def test_parity_with_the_quantile_of_the_definition():
    scores = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.4, 0.6, 0.8])
    assert threshold(scores, 0.1) == 0.9  # rank ceil(10 * 0.9) = 9
    assert threshold(scores, 0.5) == 0.5  # rank 5
    assert threshold(scores, 0.09) == np.inf  # rank 10 of 9


def test_known_world_rare_classes_are_covered_as_promised():
    rng = np.random.default_rng(0)
    proba, codes = unequal(6_000, rng)
    inside, outside = slice(0, 3_000), slice(3_000, None)
    marginal = split_conformal(proba[inside], codes[inside], alpha=0.1).sets(proba[outside])
    each = split_conformal(proba[inside], codes[inside], alpha=0.1, per_class=True).sets(proba[outside])
    assert set_metrics(marginal, codes[outside]).class_coverage.min() < 0.8
    assert (np.abs(set_metrics(each, codes[outside]).class_coverage - 0.9) < 0.05).all()


def test_classes_with_too_few_rows_are_in_every_set_and_the_rule_says_so():
    rng = np.random.default_rng(1)
    proba, codes = unequal(200, rng)
    codes[codes == 2] = 0
    rule = cross_conformal(proba, codes, alpha=0.1, per_class=True)
    assert rule.sets(proba)[:, 2].all()
    assert "classes with too few rows, 1 of 3, are in every set" in rule.guarantee


def test_too_few_rows_for_alpha_is_said():
    rule = split_conformal(np.eye(3), np.arange(3), alpha=0.1)
    assert rule.sets(np.eye(3)).all()
    assert "every set holds all classes" in rule.guarantee


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from(sorted(SCORES)))
def test_rules_survive_json(seed, per_class, score):
    rng = np.random.default_rng(seed)
    proba, codes = rng.dirichlet(np.ones(3), size=12), rng.integers(0, 3, 12)
    rule = cross_conformal(proba, codes, alpha=0.3, score=score, per_class=per_class)
    assert ConformalRule.from_dict(rule.to_dict()) == rule


@given(st.integers(0, 2**32 - 1))
def test_one_class_alone_has_the_marginal_threshold(seed):
    scores = np.random.default_rng(seed).random(30)
    assert class_thresholds(scores, np.zeros(30, dtype=np.int64), 1, 0.1)[0] == threshold(scores, 0.1)


def test_errors():
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        split_conformal(np.eye(2), np.arange(2), alpha=1.5)
    with pytest.raises(InputError, match="'rabs' is not known; did you mean 'raps'"):
        split_conformal(np.eye(2), np.arange(2), alpha=0.1, score="rabs")
    told = split_conformal(np.eye(2), np.arange(2), alpha=0.1).to_dict() | {"thresholds": []}
    with pytest.raises(InputError, match="at least one threshold"):
        ConformalRule.from_dict(told)
