"""Conformal risk control: parity with trying thresholds, the promise in a known world, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.conformal import LabelSetRule, label_sets, miss_threshold


def drawn(rng, rows, labels=6):
    proba = rng.random((rows, labels)) ** 2
    return proba, (rng.random(proba.shape) < proba).astype(int)


def missed(proba, Y, at):
    return ((Y == 1) & (proba < at)).sum(axis=1) / np.maximum(Y.sum(axis=1), 1)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.9))
def test_parity_with_the_formula_of_the_paper(seed, alpha):
    """The largest threshold among the probabilities with (n risk + 1) / (n + 1) <= alpha, and the next is too large."""
    proba, Y = drawn(np.random.default_rng(seed), 60)
    found = miss_threshold(proba, Y, alpha)

    def risk(at):
        return (missed(proba, Y, at).sum() + 1) / (Y.any(axis=1).sum() + 1)

    assert found == 0 or risk(found) <= alpha + 1e-9
    larger = np.unique(proba[(Y == 1) & (proba > found)])
    assert len(larger) == 0 or risk(larger[0]) > alpha


def test_known_world_the_promise_holds_on_average():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(300):
        rule = label_sets(*drawn(rng, 50), alpha=0.2, crossed=False)
        proba, Y = drawn(rng, 200)
        shares.append(missed(proba, Y, rule.threshold)[Y.any(axis=1)].mean())
    assert np.mean(shares) <= 0.2 + 3 * np.std(shares) / np.sqrt(300)
    assert np.mean(shares) > 0.15


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.45))
def test_a_smaller_alpha_gives_larger_sets(seed, alpha):
    proba, Y = drawn(np.random.default_rng(seed), 40)
    small, large = label_sets(proba, Y, alpha=alpha), label_sets(proba, Y, alpha=2 * alpha)
    assert (large.sets(proba) <= small.sets(proba)).all()


def test_a_threshold_that_is_allowed_to_the_point_by_hand():
    """Four rows, five with the one that misses all: at alpha 0.4 one miss may be seen, at 0.39 none, at 0.6 two."""
    proba, Y = np.array([[0.2], [0.4], [0.6], [0.8], [0.1]]), np.array([[1], [1], [1], [1], [0]])
    assert [miss_threshold(proba, Y, alpha) for alpha in (0.19, 0.2, 0.39, 0.4, 0.6)] == [0.0, 0.2, 0.2, 0.4, 0.6]
    assert miss_threshold(proba, Y, 1 - 1e-7) == 0.8


def test_the_promise_in_words():
    proba, Y = drawn(np.random.default_rng(2), 1_200)
    having = int(Y.any(axis=1).sum())
    assert having < len(Y)
    told = f"95 % of a row's labels stand in its set, on average over rows that have any: calibrated on {having:,}"
    assert label_sets(proba, Y, alpha=0.05).guarantee == (
        f"About {told} such rows, each scored by a model that did not see it."
    )
    assert label_sets(proba, Y, alpha=0.05, crossed=False).guarantee == (
        f"At least {told} such rows, which nothing else was learnt from."
    )


def test_edges_and_words():
    proba, Y = drawn(np.random.default_rng(1), 5)
    few = label_sets(proba, Y, alpha=0.01)
    assert few.sets(proba).all()
    assert "too few" in few.guarantee
    assert LabelSetRule.from_dict(few.to_dict()) == few
    with_empty = label_sets(np.concatenate([proba, proba]), np.concatenate([Y, 0 * Y]), alpha=0.01)
    assert with_empty == few
    assert (few.calibrated_on, "calibrated on 5 such rows" in few.guarantee) == (5, True)
    assert miss_threshold(proba, np.zeros_like(Y), 0.5) == 0.0
    with pytest.raises(InputError, match="alpha must lie strictly between"):
        miss_threshold(proba, Y, 1.0)
    with pytest.raises(InputError, match="for labels of shape"):
        miss_threshold(proba, Y[:, :2], 0.1)
