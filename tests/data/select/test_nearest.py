"""SimCore: the rounds by hand, a world of places, the rule that stops, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import nearest_coreset


def rng(seed=0):
    return np.random.default_rng(seed)


def directions(degrees):
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def by_hand(X, centres, rounds):
    """Each centre takes the nearest row that is left, round by round, as the paper writes it."""
    left, taken = set(range(len(X))), []
    for _ in range(rounds):
        wanted = {max(left, key=lambda row: (X[row] @ centre, -row)) for centre in centres}
        taken += sorted(wanted)
        left -= wanted
    return sorted(taken)


def test_parity_with_the_rounds_by_hand():
    X = rng().normal(size=(60, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    target = np.eye(3)
    expected = by_hand(X, target, 4)
    assert nearest_coreset(X, target, len(expected), rng=rng()).rows.tolist() == expected


def test_known_world_all_places_of_the_target_are_served():
    X = directions(np.concatenate([np.full(50, 3.0), [88.0, 92.0], np.full(50, 200.0)]))
    found = nearest_coreset(X, directions([0.0] * 20 + [90.0]), 4, centres=2, rng=rng())
    assert (found.rows < 50).sum() == 2
    assert found.rows[2:].tolist() == [50, 51]


def test_it_stops_where_rows_are_markedly_farther():
    X = directions([0.0, 1.0, 2.0, 40.0, 90.0])
    found = nearest_coreset(X, directions([0.0]), rng=rng())
    assert (found.rows.tolist(), found.facts["rounds"]) == ([0, 1, 2], 3)
    assert len(nearest_coreset(X, directions([0.0]), stop=0.5, rng=rng()).rows) == 4


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 40))
def test_distinct_rows_as_many_as_wanted(seed, keep, centres):
    local = rng(seed)
    found = nearest_coreset(local.normal(size=(30, 2)), local.normal(size=(9, 2)), keep, centres=centres, rng=local)
    assert len(set(found.rows.tolist())) == keep


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_length_never_matters(seed, scale):
    local = rng(seed)
    X, target = local.normal(size=(30, 3)), local.normal(size=(5, 3))
    plain, longer = (nearest_coreset(k * X, target, 8, rng=rng()) for k in (1, scale))
    assert plain.rows.tolist() == longer.rows.tolist()


def test_errors():
    with pytest.raises(InputError, match="the target has no row"):
        nearest_coreset(np.eye(2), np.empty((0, 2)), 1, rng=rng())
    with pytest.raises(InputError, match="3 rows are wanted of a pool of 2"):
        nearest_coreset(np.eye(2), np.eye(2), 3, rng=rng())
    with pytest.raises(InputError, match="stop must lie strictly between 0 and 1"):
        nearest_coreset(np.eye(2), np.eye(2), stop=1.0, rng=rng())
    with pytest.raises(InputError, match="centres must be at least 1, not 0"):
        nearest_coreset(np.eye(2), np.eye(2), centres=0, rng=rng())
