"""Terms: parity with scikit-learn's neighbours, a known world, properties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.neighbors import kneighbors_graph

from modicum.core import InputError
from modicum.vectors.topics import term_graph


def world(seed=0, rows=60, terms=15, width=6):
    rng = np.random.default_rng(seed)
    return csr_array(rng.integers(0, 2, size=(rows, terms))), rng.normal(size=(rows, width))


def test_parity_with_scikit_learn():
    found = term_graph(*world(), neighbours=4)
    graph = kneighbors_graph(found.vectors, 4, metric="cosine").toarray()
    mutual = np.argwhere(np.triu(graph * graph.T, 1) * (found.vectors @ found.vectors.T > 0))
    assert found.edges.tolist() == mutual.tolist()
    first, second = found.edges.T
    np.testing.assert_allclose(found.similarity, (found.vectors[first] * found.vectors[second]).sum(axis=1))


def test_known_world_terms_of_a_theme_are_neighbours():
    rng = np.random.default_rng(0)
    theme = np.arange(200) % 2
    held = rng.random((200, 8)) < np.where(theme[:, None] == np.arange(8) // 4, 0.5, 0.05)
    found = term_graph(csr_array(held), np.eye(2)[theme] + 0.1 * rng.normal(size=(200, 2)), neighbours=3)
    assert (found.edges // 4).tolist() == [[k, k] for k, _ in (found.edges // 4).tolist()]
    assert set(found.edges.ravel().tolist()) == set(range(8))


@given(seed=st.integers(0, 2**32 - 1))
def test_order_of_rows_and_lengths_do_not_count(seed):
    counts, X = world(seed)
    order = np.random.default_rng(seed).permutation(60)
    first, second = term_graph(counts, X), term_graph(counts[order], 3 * X[order])
    np.testing.assert_allclose(first.vectors, second.vectors, atol=1e-9)


@given(seed=st.integers(0, 2**32 - 1), neighbours=st.integers(1, 20))
def test_no_term_has_more_neighbours_than_asked_for(seed, neighbours):
    found = term_graph(*world(seed), neighbours=neighbours)
    assert np.bincount(found.edges.ravel(), minlength=15).max() <= neighbours
    assert (found.edges[:, 0] < found.edges[:, 1]).all()


def test_unused_terms_and_errors():
    found = term_graph(csr_array(np.array([[1, 0], [1, 0]])), np.eye(2))
    assert found.vectors[1].tolist() == [0, 0]
    assert len(found.edges) == 0
    assert term_graph(csr_array((2, 0)), np.eye(2)).vectors.shape == (0, 2)
    with pytest.raises(InputError, match="vectors have 3 rows where the table has 60"):
        term_graph(world()[0], np.eye(3))
    with pytest.raises(InputError, match="neighbours must be at least 1, not 0"):
        term_graph(*world(), neighbours=0)
