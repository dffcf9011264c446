"""Diverse sample: places by size, rows by nearness, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import diverse_sample
from modicum.data.select.diversity import _places


def rng(seed=0):
    return np.random.default_rng(seed)


def test_places_are_the_shares_rounded_by_largest_remainders():
    """Hamilton's apportionment, by hand; and a place for each cluster as long as there are enough."""
    assert _places(np.array([410, 330, 170, 90]), 100).tolist() == [41, 33, 17, 9]
    assert _places(np.array([416, 338, 160, 86]), 10).tolist() == [4, 3, 2, 1]
    assert _places(np.array([97, 1, 1, 1]), 10).tolist() == [7, 1, 1, 1]
    assert _places(np.array([50, 40, 10]), 2).tolist() == [1, 1, 0]


def test_rows_near_the_centre_are_drawn_as_the_softmax_says():
    """One cluster of two rows at cosines a and b to the centre: the first is drawn with odds exp((a - b) / T)."""
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.8, 0.6]])
    centre = X.sum(axis=0) / np.linalg.norm(X.sum(axis=0))
    a, b = X[0] @ centre, X[2] @ centre
    drawn = [diverse_sample(X, 1, clusters=1, temperature=0.2, rng=rng(seed)).rows[0] for seed in range(1500)]
    odds = np.exp(np.array([a, a, b]) / 0.2)
    np.testing.assert_allclose(np.bincount(drawn) / 1500, odds / odds.sum(), atol=0.04)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_distinct_rows_as_many_as_wanted_and_weights_of_mean_one(seed, keep, clusters):
    found = diverse_sample(rng(seed).normal(size=(40, 3)), keep, clusters=clusters, rng=rng(seed))
    assert len(set(found.rows.tolist())) == keep
    assert found.weights.mean() == pytest.approx(1)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_place_is_seen(seed):
    X = np.repeat(np.eye(4), [70, 20, 7, 3], axis=0) + 0.01 * rng(seed).normal(size=(100, 4))
    found = diverse_sample(X, 8, clusters=4, rng=rng(seed))
    assert len(np.unique(X[found.rows].argmax(axis=1))) == 4


def test_copies_and_errors():
    assert len(diverse_sample(np.ones((10, 2)), 4, rng=rng()).rows) == 4
    with pytest.raises(InputError, match=r"0 clusters at temperature 0\.1: give 1 to 10 clusters, above 0"):
        diverse_sample(np.ones((10, 2)), 4, clusters=0, rng=rng())
    with pytest.raises(InputError, match="11 rows are wanted of a pool of 10"):
        diverse_sample(np.ones((10, 2)), 11, rng=rng())
