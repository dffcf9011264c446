"""Neighbour smoothing: the definition, denser clouds, chunks and copies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import NeighbourSmoothing, layout
from modicum.vectors.shape import neighbour_smoothing as module
from modicum.vectors.shape.neighbour_smoothing import smooth


def test_parity_with_the_definition_by_loops():
    rng = np.random.default_rng(0)
    X, reference = rng.normal(size=(12, 5)), normalize_rows(rng.normal(size=(30, 5)))
    expected = []
    for x in X / np.linalg.norm(X, axis=1, keepdims=True):
        similar = reference @ x
        nearest = np.argsort(-similar)[:4]
        weight = np.maximum(similar[nearest], 0) ** 3
        mixed = 0.6 * x + 0.4 * (weight / weight.sum()) @ reference[nearest]
        expected.append(mixed / np.linalg.norm(mixed))
    np.testing.assert_allclose(smooth(X, reference, neighbours=4, mix=0.4, power=3.0), expected, atol=1e-12)


def test_known_world_clouds_become_denser_and_stay_apart():
    rng = np.random.default_rng(1)
    y = np.arange(200) % 2
    X = np.eye(20)[y] + 0.2 * rng.normal(size=(200, 20))
    Z = NeighbourSmoothing().fit_transform(X)
    units = normalize_rows(X)

    def spread(V):
        return np.mean([V[y == k].var(axis=0).sum() for k in (0, 1)])

    assert spread(Z) < 0.6 * spread(units)
    assert Z[y == 0].mean(axis=0) @ Z[y == 1].mean(axis=0) < 0.3


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_results_have_length_one(seed, mix):
    rng = np.random.default_rng(seed)
    Z = NeighbourSmoothing(mix=mix, neighbours=3).fit(rng.normal(size=(10, 4))).transform(rng.normal(size=(6, 4)))
    lengths = np.linalg.norm(Z, axis=1)
    assert ((np.abs(lengths - 1) < 1e-6) | (lengths == 0)).all()


@given(st.integers(0, 2**32 - 1))
def test_no_mix_changes_nothing_but_length(seed):
    X = np.random.default_rng(seed).normal(size=(8, 4))
    np.testing.assert_allclose(NeighbourSmoothing(mix=0.0).fit_transform(X), normalize_rows(X), atol=1e-9)


def test_an_item_is_not_its_own_neighbour():
    reference = np.array([[1.0, 0.0], [0.6, 0.8]])
    alone, among = smooth(reference[:1], reference[1:]), smooth(reference[:1], reference, neighbours=1)
    np.testing.assert_allclose(alone, among)


def test_a_row_without_similar_rows_stays():
    np.testing.assert_allclose(smooth(np.array([[1.0, 0.0]]), np.array([[-1.0, 0.0]])), [[1.0, 0.0]])


def test_chunks_give_the_same(monkeypatch):
    X = np.random.default_rng(2).normal(size=(50, 6))
    reference = normalize_rows(X)
    whole = smooth(X, reference)
    monkeypatch.setattr(module, "chunks", lambda rows, size: (slice(k, k + 7) for k in range(0, rows, 7)))
    np.testing.assert_allclose(smooth(X, reference), whole)


def test_references_are_capped_by_the_seed():
    X = np.random.default_rng(3).normal(size=(50, 6))
    one, same, other = (NeighbourSmoothing(max_reference=10, random_state=s).fit(X).reference_ for s in (0, 0, 1))
    assert one.shape == (10, 6)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_layout_is_a_picture_that_the_seed_repeats():
    X = np.random.default_rng(4).normal(size=(30, 8))
    assert layout(X, seed=1).shape == (30, 2)
    np.testing.assert_allclose(layout(X, seed=1), layout(X, seed=1))


def test_errors():
    X = np.eye(3)
    for setting in ({"neighbours": 0}, {"power": -1.0}):
        with pytest.raises(InputError, match="neighbours must be at least 1 and power at least 0, not"):
            NeighbourSmoothing(**setting).fit_transform(X)
    with pytest.raises(InputError, match=r"mix must lie from 0 to 1, not 1\.5"):
        smooth(X, X, mix=1.5)
