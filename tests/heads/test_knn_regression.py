"""Mean of the nearest rows: parity with scikit-learn, a known world, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsRegressor

from modicum.core import InputError
from modicum.heads import KNNRegression, neighbour_mean


def world(seed=0, rows=60):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 5)), rng.normal(size=rows)


def test_parity_with_plain_means_of_cosine_neighbours():
    X, y = world()
    reference = KNeighborsRegressor(n_neighbors=7, metric="cosine").fit(X, y).predict(X)
    np.testing.assert_allclose(KNNRegression(k=7, scale=0).fit(X, y).predict(X), reference, atol=1e-12)


def test_known_world_a_circle():
    """On the unit circle the target is the angle: the answer for a row between two others lies between them."""
    angles = np.linspace(0, np.pi, 181)
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    middle = np.array([[np.cos(1.005), np.sin(1.005)]])
    assert KNNRegression(k=2).fit(X, angles).predict(middle)[0] == pytest.approx(1.005, abs=0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 100), st.floats(0, 50))
def test_answers_stay_in_the_range(seed, k, scale):
    X, y = world(seed)
    told = KNNRegression(k=k, scale=scale).fit(X, y).predict(X)
    assert y.min() - 1e-9 <= told.min()
    assert told.max() <= y.max() + 1e-9


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 100))
def test_length_of_vectors_does_not_matter(seed, scale):
    X, y = world(seed)
    told = [KNNRegression().fit(s * X, y).scores(s * X) for s in (1.0, scale)]
    np.testing.assert_allclose(*told, atol=1e-9)


def test_edges():
    assert neighbour_mean(np.eye(2), np.eye(2), np.array([1.0, 2.0]), k=99, scale=0).tolist() == [1.5, 1.5]
    with pytest.raises(InputError, match="k must be at least 1"):
        KNNRegression(k=0).fit(*world())
