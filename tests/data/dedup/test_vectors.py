"""Semantic duplicates: all pairs by hand, blocks that change nothing, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from sklearn.metrics.pairwise import cosine_similarity

from modicum.core import InputError
from modicum.data.dedup import nearest_stored, vector_duplicates
from modicum.data.dedup import vectors as module


def test_parity_with_all_cosines_of_scikit_learn(monkeypatch):
    X = np.random.default_rng(0).normal(size=(300, 3))
    expected = connected_components(cosine_similarity(X) >= 0.995)[1]
    assert 20 < len(np.unique(expected)) < 290
    for cells in (module.CELLS, 7 * 300):
        monkeypatch.setattr(module, "CELLS", cells)
        found = vector_duplicates(X, threshold=0.995)
        assert {frozenset(np.flatnonzero(found == g)) for g in found} == {
            frozenset(np.flatnonzero(expected == g)) for g in expected
        }


def test_known_world_rows_a_degree_apart_chain_and_a_right_angle_does_not():
    angles = np.deg2rad([0, 1, 2, 3, 90, 91])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert vector_duplicates(X, threshold=np.cos(np.deg2rad(1.01))).tolist() == [0, 0, 0, 0, 1, 1]


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_length_never_matters(seed, scale):
    X = np.random.default_rng(seed).normal(size=(30, 2)).astype(np.float32)
    assert np.array_equal(vector_duplicates(X), vector_duplicates(X * np.float32(scale)))


@given(st.integers(0, 2**32 - 1))
def test_a_higher_threshold_never_joins_more(seed):
    X = np.random.default_rng(seed).normal(size=(30, 2))
    low, high = vector_duplicates(X, threshold=0.9), vector_duplicates(X, threshold=0.99)
    for group in np.unique(high):
        assert len(np.unique(low[high == group])) == 1


def test_nearest_stored_is_the_most_alike():
    stored = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.2]])
    assert nearest_stored(np.array([[2.0, 0.3], [0.1, 5.0], [-1.0, -1.0]]), stored).tolist() == [2, 1, -1]
    assert nearest_stored(np.eye(2), np.empty((0, 2))).tolist() == [-1, -1]


def test_edges():
    assert vector_duplicates(np.empty((0, 4))).tolist() == []
    assert vector_duplicates(np.zeros((3, 4))).tolist() == [0, 1, 2]
    assert vector_duplicates(np.ones((3, 4))).tolist() == [0, 0, 0]
    with pytest.raises(InputError, match="row 1 holds NaN"):
        vector_duplicates(np.array([[1.0], [np.nan]]))
    with pytest.raises(InputError, match="threshold must lie strictly between 0 and 1"):
        vector_duplicates(np.eye(2), threshold=1.0)
    with pytest.raises(InputError, match="3 wide where 2 is expected; make them by the same encoder"):
        nearest_stored(np.eye(3), np.eye(2))
