"""Margin query: the definition, clusters beside plain margin, the wide start, copies, limits."""

from __future__ import annotations

import importlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import margin_query


def rng():
    return np.random.default_rng(0)


def none(rows):
    return np.zeros(rows, dtype=bool)


def test_parity_with_the_definition_of_the_margin():
    proba = np.random.default_rng(1).dirichlet(np.ones(4), size=200)
    ordered = np.sort(proba, axis=1)
    expected = np.argsort(ordered[:, -1] - ordered[:, -2])[:7]
    chosen = margin_query(np.eye(200), proba, none(200), 7, rng(), prefilter=1, trust=0)
    assert chosen.tolist() == expected.tolist()


def test_known_world_rows_lie_at_the_boundary():
    x = np.random.default_rng(2).normal(size=3_000) * 3
    second = 1 / (1 + np.exp(-2 * x))
    proba = np.stack([1 - second, second], axis=1)
    X = np.stack([x, np.ones(3_000)], axis=1)
    chosen = margin_query(X, proba, none(3_000), 10, rng(), trust=0)
    assert np.abs(x[chosen]).max() < 0.3
    assert np.abs(x).max() > 6


def test_known_world_without_labels_every_cloud_is_asked_for():
    """The model is torn about one cloud only, but has no label that would make its certainty about the others worth
    anything; with many labels it is believed."""
    X = np.repeat(np.eye(4), 50, axis=0) + 0.01 * np.random.default_rng(3).normal(size=(200, 4))
    proba = np.where(np.arange(200)[:, None] < 50, [0.5, 0.5], [0.7, 0.3])
    assert set(margin_query(X, proba, none(200), 4, rng()) // 50) == {0, 1, 2, 3}
    labelled = np.arange(200) % 2 == 1
    assert set(margin_query(X, proba, labelled, 4, rng()) // 50) == {0}


def test_known_world_a_rare_class_is_asked_for_before_the_many_rows_of_another():
    """Forty rows in four clouds of one class and two of another lie around: with three rows wanted, k-means alone has
    no cluster for the two."""
    X = np.eye(5)[np.r_[np.repeat(np.arange(4), 10), 4, 4]] + 0.01 * np.random.default_rng(3).normal(size=(42, 5))
    proba = np.where(np.arange(42)[:, None] < 40, [0.7, 0.3], [0.3, 0.7])
    asked = [
        {rare: margin_query(X, proba, none(42), 3, np.random.default_rng(seed), rarity=rare) for rare in (0.0, 2.0)}
        for seed in range(10)
    ]
    found = {rare: sum(bool((one[rare] >= 40).any()) for one in asked) for rare in (0.0, 2.0)}
    assert found[2.0] > found[0.0] + 3


def test_copies_are_not_picked_together():
    chosen = margin_query(np.repeat(np.eye(4), 10, axis=0), np.full((40, 2), 0.5), none(40), 4, rng())
    assert len(set(chosen // 10)) == 4


def test_fewer_distinct_rows_than_wanted():
    chosen = margin_query(np.repeat(np.eye(2), 10, axis=0), np.full((20, 2), 0.5), none(20), 6, rng())
    assert len(set(chosen.tolist())) == 6


@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_same_seed_same_rows(seed, budget):
    local = np.random.default_rng(seed)
    X, proba, labelled = local.normal(size=(25, 4)), local.dirichlet(np.ones(3), size=25), local.random(25) < 0.4
    first = margin_query(X, proba, labelled, budget, rng())
    assert first.tolist() == margin_query(X, proba, labelled, budget, rng()).tolist()


@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter_to_the_candidates(seed):
    local = np.random.default_rng(seed)
    proba, X, order = local.dirichlet(np.ones(3), size=30), local.normal(size=(30, 4)), local.permutation(30)
    settings = {"prefilter": 1, "trust": 0.0}
    there = margin_query(X[order], proba[order], none(30), 5, rng(), **settings)
    assert np.array_equal(order[there], margin_query(X, proba, none(30), 5, rng(), **settings))


def test_twenty_thousand_rows_and_a_hundred_classes_are_quick():
    local = np.random.default_rng(3)
    proba, X = local.dirichlet(np.ones(100), size=20_000), local.normal(size=(20_000, 64)).astype(np.float32)
    labelled = np.arange(20_000) < 1_000
    start = time.process_time()
    assert len(margin_query(X, proba, labelled, 20, local)) == 20
    assert time.process_time() - start < 2.0


def test_candidates_are_capped(monkeypatch):
    monkeypatch.setattr(importlib.import_module("modicum.labels.active.margin_query"), "MOST", 10)
    local = np.random.default_rng(4)
    X, proba = local.normal(size=(60, 3)), local.dirichlet(np.ones(3), size=60)
    assert len(set(margin_query(X, proba, none(60), 4, rng()).tolist())) == 4
    assert len(set(margin_query(X, proba, none(60), 30, rng()).tolist())) == 30


def test_errors():
    with pytest.raises(
        InputError, match=r"prefilter must be at least 1, trust and rarity at least 0, not 0, 0\.5 and 1\.0"
    ):
        margin_query(np.eye(3), np.full((3, 2), 0.5), none(3), 1, rng(), prefilter=0)
