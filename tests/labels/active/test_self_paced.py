"""ASPL: nobody is asked for what is clear, nothing unclear is pseudo-labelled, and the pace decides how much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.heads import Linear
from modicum.labels.active import self_paced_split, uncertainty_query


def split(proba, labelled=None, budget=3, **settings):
    mask = np.zeros(len(proba), bool) if labelled is None else labelled
    return self_paced_split(np.zeros((len(proba), 1)), proba, mask, budget, np.random.default_rng(0), **settings)


def test_parity_with_the_soft_weight_of_self_paced_learning():
    """v = 1 - loss / lambda below lambda, which is the loss at the pace's quantile of its predicted class."""
    best = np.linspace(0.55, 0.95, 9)
    found = split(np.stack([best, 1 - best], axis=1), budget=0, pace=0.5)
    limit = np.quantile(-np.log(best), 0.5)
    assert found.pseudo.rows.tolist() == [5, 6, 7, 8]
    np.testing.assert_allclose(found.pseudo.weight, 1 + np.log(best[5:]) / limit)


def test_known_world_pseudo_labels_mend_a_rule_learnt_from_the_edges():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 200)
    X = np.stack([2.0 * y - 1, np.zeros(400)], axis=1) + 0.5 * rng.normal(size=(400, 2))
    X[:2] = [[-0.6, 1.0], [0.6, -1.0]]
    X[200] = X[1]
    y[1] = 1
    few = [0, 1]
    labelled = np.isin(np.arange(400), few)
    first = Linear().fit(X[few], y[few])
    found = self_paced_split(X, first.predict_proba(X), labelled, 10, rng, pace=0.7)
    rows = np.concatenate([few, found.pseudo.rows])
    weight = np.concatenate([[1, 1], found.pseudo.weight])
    second = Linear().fit(X[rows], np.concatenate([y[few], found.pseudo.codes]), weight)
    assert second.score(X, y) >= first.score(X, y)
    assert not set(found.ask) & set(found.pseudo.rows)


@given(st.integers(0, 2**32 - 1))
def test_rows_are_asked_for_or_told_or_left_but_never_two_of_these(seed):
    local = np.random.default_rng(seed)
    proba, labelled = local.dirichlet(np.ones(3), size=60), local.random(60) < 0.3
    found = split(proba, labelled, 6, pace=0.5)
    assert not labelled[found.ask].any()
    assert not labelled[found.pseudo.rows].any()
    assert not set(found.ask.tolist()) & set(found.pseudo.rows.tolist())
    assert ((found.pseudo.weight > 0) & (found.pseudo.weight <= 1)).all()
    assert np.array_equal(found.pseudo.codes, proba[found.pseudo.rows].argmax(axis=1))


@given(st.integers(0, 2**32 - 1))
def test_a_faster_pace_keeps_what_a_slower_one_had(seed):
    proba = np.random.default_rng(seed).dirichlet(np.ones(3), size=60)
    slow, fast = (set(split(proba, pace=pace).pseudo.rows.tolist()) for pace in (0.2, 0.6))
    assert slow <= fast


def test_the_rows_to_ask_for_are_those_of_the_query():
    proba = np.random.default_rng(2).dirichlet(np.ones(3), size=60)
    expected = uncertainty_query(proba, proba, np.zeros(60, bool), 5, np.random.default_rng(0))
    assert split(proba, budget=5).ask.tolist() == expected.tolist()


def test_nothing_left_to_label():
    found = split(np.full((4, 2), 0.5), np.ones(4, bool))
    assert len(found.ask) == len(found.pseudo.rows) == 0


def test_errors():
    with pytest.raises(InputError, match="pace must lie strictly between 0 and 1, not 1"):
        split(np.full((4, 2), 0.5), pace=1.0)
