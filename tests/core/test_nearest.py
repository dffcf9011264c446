"""The k best of blocks of scores: the definition by sorting, whatever the order and size of the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import nearest as module
from modicum.core.nearest import Best, largest_products


def by_sorting(scores, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 12),
    st.sampled_from([1, 3, 8, 64]),
    st.sampled_from(["mixed", "rising", "falling"]),
)
def test_parity_with_sorting_in_any_order_and_blocks(seed, k, size, order):
    scores = np.random.default_rng(seed).permuted(np.tile(np.arange(50.0), (7, 1)), axis=1)
    if order != "mixed":
        scores = np.sort(scores, axis=1)[:, :: 1 if order == "rising" else -1]
    best = Best(7, k, np.float64)
    for start in range(0, 50, size):
        for part in (slice(0, 4), slice(4, 7)):
            best.offer(part, scores[part, start : start + size], np.arange(start, min(50, start + size)))
    for found, expected in zip(best.ranked(), by_sorting(scores, k), strict=True):
        assert np.array_equal(found, expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_parity_with_sorting_where_few_beat_the_least_kept(seed, k):
    """Of 100 columns at a time hardly any enters after the first block, and not as many in every row."""
    scores = np.random.default_rng(seed).permuted(np.tile(np.arange(600.0), (9, 1)), axis=1)
    best = Best(9, k, np.float64)
    for start in range(0, 600, 100):
        best.offer(slice(0, 9), scores[:, start : start + 100], np.arange(start, start + 100))
    for found, expected in zip(best.ranked(), by_sorting(scores, k), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_are_those_of_one_product(monkeypatch, dtype):
    monkeypatch.setattr(module, "BLOCK", 13)
    monkeypatch.setattr(module, "QUERIES", 5)
    rng = np.random.default_rng(0)
    queries, reference = rng.normal(size=(12, 6)).astype(dtype), rng.normal(size=(90, 6)).astype(dtype)
    numbers, products = largest_products(queries, reference, 7)
    expected = by_sorting(queries @ reference.T, 7)
    assert products.dtype == dtype
    assert np.array_equal(numbers, expected[0])
    np.testing.assert_allclose(products, expected[1], rtol=1e-6)


def test_a_query_passes_over_itself_and_over_copies():
    X = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.8, 0.6]])
    assert largest_products(X, X, 1, skip=np.arange(4))[0].tolist() == [[1], [0], [3], [2]]
    assert largest_products(X[:2], X, 1, most=0.99)[0].tolist() == [[3], [3]]


def test_what_is_missing_is_told():
    numbers, products = largest_products(np.eye(2), np.eye(2), 5, skip=np.arange(2))
    assert numbers.tolist() == [[1, -1], [0, -1]]
    assert np.isneginf(products[:, 1]).all()


def test_what_lies_at_the_limit_is_kept_and_equal_ones_come_by_number():
    reference = np.array([[1.0, 0.0], [0.5, 0.0], [0.25, 0.0], [0.5, 0.0]])
    numbers, products = largest_products(np.array([[1.0, 0.0]], dtype=np.float32), reference, 4, most=0.5)
    assert numbers.tolist() == [[1, 3, 2, -1]]
    assert products[0, :3].tolist() == [0.5, 0.5, 0.25]
    assert products.dtype == np.float64


@pytest.mark.parametrize("block", [1, 2, 3, 8])
def test_a_query_passes_over_itself_in_whichever_block_it_stands(monkeypatch, block):
    monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(module, "QUERIES", 2)
    X = np.eye(5) + 0.1 * np.arange(5)
    expected = [np.argsort(-np.where(np.arange(5) == row, -np.inf, X @ X[row]))[0] for row in (4, 0, 2)]
    found = largest_products(X[[4, 0, 2]], X, 1, skip=np.array([4, 0, 2]))[0]
    assert found.ravel().tolist() == expected


def test_of_equal_scores_none_is_kept_twice():
    assert len(set(largest_products(np.ones((1, 2)), np.ones((5_000, 2)), 30)[0][0].tolist())) == 30
