"""Label proportions: exact marginals by enumeration, a world that only counts can read, properties, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.partial import count_marginals, learn_from_proportions


def world(rng, size=8, count=480, spread=0.6):
    centres = np.array([[2.0, 0.0], [-1.0, 1.7], [-1.0, -1.7]])
    y = rng.integers(0, 3, count)
    bags = np.arange(count) // size
    shares = np.add.reduceat(np.eye(3)[y], np.arange(0, count, size), axis=0) / size
    return centres[y] + spread * rng.normal(size=(count, 2)), y, bags, shares


def enumerated(proba, counts):
    """Exact marginals: all labellings of the bag with these counts, weighted by their probability."""
    total, found = 0.0, np.zeros_like(proba)
    for labelling in itertools.product(range(proba.shape[1]), repeat=len(proba)):
        if np.array_equal(np.bincount(labelling, minlength=proba.shape[1]), counts):
            weight = np.prod([proba[row, k] for row, k in enumerate(labelling)])
            total += weight
            found[np.arange(len(proba)), labelling] += weight
    return found / total


def test_parity_with_sum_product_by_enumeration():
    """The saddle point is not the exact sum, but on bags of eight it is within a few points of it on average."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        proba = rng.dirichlet(np.ones(3), size=8)
        counts = np.bincount(rng.integers(0, 3, 8), minlength=3)
        ours = count_marginals(np.log(proba), np.zeros(8, int), counts[None] / 8)
        exact = enumerated(proba, counts)
        assert np.abs(ours - exact).max() < 0.15
        assert np.abs(ours - exact).mean() < 0.06


def test_known_world_rows_are_told_apart_from_totals_alone():
    rng = np.random.default_rng(1)
    X, y, bags, shares = world(rng)
    X_new, y_new, _, _ = world(rng)
    found = learn_from_proportions(X, bags, shares)
    assert (found.predict_proba(X_new).argmax(axis=1) == y_new).mean() > 0.97
    assert (found.marginals.argmax(axis=1) == y).mean() > 0.97


@given(st.integers(0, 2**32 - 1))
def test_marginals_meet_the_proportions(seed):
    rng = np.random.default_rng(seed)
    bags = rng.permutation(np.repeat(np.arange(4), 6))
    shares = rng.multinomial(6, [0.2, 0.3, 0.5], size=4) / 6
    found = count_marginals(rng.normal(size=(24, 3)), bags, shares, steps=500)
    means = np.stack([found[bags == bag].mean(axis=0) for bag in range(4)])
    np.testing.assert_allclose(means, shares, atol=5e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1)


@given(st.integers(0, 2**32 - 1))
def test_pure_bags_are_labels(seed):
    rng = np.random.default_rng(seed)
    shares = np.eye(3)[rng.integers(0, 3, 5)]
    bags = np.repeat(np.arange(5), 2)
    found = count_marginals(rng.normal(size=(10, 3)), bags, shares, steps=200)
    assert np.array_equal(found.argmax(axis=1), shares[bags].argmax(axis=1))


def test_order_of_rows_does_not_matter():
    X, _, bags, shares = world(np.random.default_rng(2), count=160)
    order = np.random.default_rng(3).permutation(160)
    plain, turned = (learn_from_proportions(X[o], bags[o], shares, rounds=3) for o in (np.arange(160), order))
    np.testing.assert_allclose(turned.marginals, plain.marginals[order], atol=0.02)


def test_errors():
    X = np.eye(4)
    with pytest.raises(InputError, match="bag 1 has proportions but no rows; leave it out"):
        learn_from_proportions(X, np.zeros(4, int), np.full((2, 2), 0.5))
    with pytest.raises(InputError, match="proportions: row 0 sums to 2, not 1"):
        learn_from_proportions(X, np.zeros(4, int), np.ones((1, 2)))
