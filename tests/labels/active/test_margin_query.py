"""Margin query: the definition, the boundary of two Gaussians, spread, limits."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import margin_query


def rng():
    return np.random.default_rng(0)


def test_parity_with_the_definition_of_the_margin():
    proba = np.random.default_rng(1).dirichlet(np.ones(4), size=200)
    ordered = np.sort(proba, axis=1)
    expected = (ordered[:, -1] - ordered[:, -2]).argmin()
    assert margin_query(proba, np.eye(200), np.zeros(200, bool), 1, rng()).tolist() == [expected]


def test_known_world_rows_lie_at_the_boundary():
    x = np.random.default_rng(2).normal(size=3_000) * 3
    second = 1 / (1 + np.exp(-2 * x))
    chosen = margin_query(np.stack([1 - second, second], axis=1), x[:, None], np.zeros(3_000, bool), 10, rng())
    assert np.abs(x[chosen]).max() < 0.3
    assert np.abs(x).max() > 6


def test_copies_are_not_picked_together():
    proba = np.full((40, 2), 0.5)
    X = np.repeat(np.eye(4), 10, axis=0)
    chosen = margin_query(proba, X, np.zeros(40, bool), 4, rng())
    assert len(set(chosen // 10)) == 4


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_never_labelled_never_twice_never_too_many(seed, budget):
    local = np.random.default_rng(seed)
    labelled = local.random(25) < 0.4
    chosen = margin_query(local.dirichlet(np.ones(3), size=25), local.normal(size=(25, 4)), labelled, budget, local)
    assert len(chosen) == min(budget, (~labelled).sum())
    assert len(set(chosen)) == len(chosen)
    assert not labelled[chosen].any()


@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(seed):
    local = np.random.default_rng(seed)
    proba, X, order = local.dirichlet(np.ones(3), size=30), local.normal(size=(30, 4)), local.permutation(30)
    none = np.zeros(30, bool)
    assert np.array_equal(
        order[margin_query(proba[order], X[order], none, 5, rng())], margin_query(proba, X, none, 5, rng())
    )


def test_twenty_thousand_rows_and_a_hundred_classes_are_quick():
    local = np.random.default_rng(3)
    proba, X = local.dirichlet(np.ones(100), size=20_000), local.normal(size=(20_000, 64)).astype(np.float32)
    start = time.perf_counter()
    assert len(margin_query(proba, X, np.zeros(20_000, bool), 20, local)) == 20
    assert time.perf_counter() - start < 2.0


def test_errors():
    with pytest.raises(InputError, match="2 rows where the table has 3"):
        margin_query(np.full((3, 2), 0.5), np.eye(2), np.zeros(3, bool), 1, rng())
    with pytest.raises(InputError, match="budget must be at least 0 rows, not -1"):
        margin_query(np.full((2, 2), 0.5), np.eye(2), np.zeros(2, bool), -1, rng())
