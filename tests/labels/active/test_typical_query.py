"""TypiClust: typical rows, clusters without a label first, large ones before small ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import typical_query


def clouds(sizes=(40, 30, 20), spread=0.1, seed=0):
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = np.eye(len(sizes))[y] + spread * np.random.default_rng(seed).normal(size=(len(y), len(sizes)))
    return X / np.linalg.norm(X, axis=1, keepdims=True), y


def ask(X, labelled, budget, seed=0, **settings):
    return typical_query(X, np.full((len(X), 2), 0.5), labelled, budget, np.random.default_rng(seed), **settings)


def test_parity_with_the_definition_of_typicality():
    """With one cluster the choice is the row with the highest mean cosine to its 20 nearest rows."""
    X = np.random.default_rng(1).normal(loc=(3, 0, 0, 0), size=(60, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cosine = X @ X.T
    np.fill_diagonal(cosine, -1)
    expected = np.sort(cosine, axis=1)[:, -20:].mean(axis=1).argmax()
    assert ask(X, np.zeros(60, bool), 1).tolist() == [expected]


def test_known_world_one_row_of_each_cloud_the_largest_first():
    X, y = clouds()
    assert y[ask(X, np.zeros(90, bool), 3)].tolist() == [0, 1, 2]


def test_clouds_with_labels_come_last():
    X, y = clouds()
    labelled = np.zeros(90, bool)
    labelled[[0, 41]] = True
    assert y[ask(X, labelled, 1)].tolist() == [2]


def test_tiny_clusters_come_after_all_others():
    X, y = clouds(sizes=(40, 30, 3))
    assert y[ask(X, np.zeros(73, bool), 3)].tolist()[-1] == 2


@given(st.integers(0, 2**32 - 1))
def test_length_of_vectors_does_not_matter(seed):
    local = np.random.default_rng(seed)
    X, _ = clouds(seed=seed)
    scaled = X * 2.0 ** local.integers(-3, 4, size=len(X))[:, None]
    assert ask(X, np.zeros(90, bool), 5).tolist() == ask(scaled, np.zeros(90, bool), 5).tolist()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_any_number_of_neighbours(seed, neighbours):
    X, _ = clouds(seed=seed)
    assert len(set(ask(X, np.zeros(90, bool), 12, neighbours=neighbours).tolist())) == 12


def test_errors():
    with pytest.raises(InputError, match="2 rows where the table has 3"):
        typical_query(np.eye(2), np.full((3, 2), 0.5), np.zeros(3, bool), 1, np.random.default_rng(0))
    with pytest.raises(InputError, match="neighbours must be at least 1, not 0"):
        ask(np.eye(2), np.zeros(2, bool), 1, neighbours=0)
