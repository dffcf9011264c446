"""BADGE: distances of gradients that are never formed, the law of the draws, time and memory."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import gradient_query
from modicum.labels.active.gradient_query import gradients


def written_out(X, proba):
    residuals = proba - np.eye(proba.shape[1])[proba.argmax(axis=1)]
    return (residuals[:, :, None] * X[:, None, :]).reshape(len(X), -1)


@given(st.integers(0, 2**32 - 1))
def test_parity_with_gradients_written_out(seed):
    local = np.random.default_rng(seed)
    X, proba = local.normal(size=(20, 4)), local.dirichlet(np.ones(3), size=20)
    full, short = written_out(X, proba), gradients(X, proba)
    expected = ((full[:, None] - full[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(short.squared_distances(short), expected, atol=1e-4)
    np.testing.assert_allclose(short.squares, (full**2).sum(axis=1), rtol=1e-4, atol=1e-6)


def test_known_world_second_draw_follows_the_squared_distances():
    """The first row is the longest gradient; how often each other row comes second is known by hand."""
    local = np.random.default_rng(1)
    X, proba = local.normal(size=(6, 3)), local.dirichlet(np.ones(3), size=6)
    full = written_out(X, proba)
    first = (full**2).sum(axis=1).argmax()
    weight = ((full - full[first]) ** 2).sum(axis=1)
    rng = np.random.default_rng(2)
    draws = np.array([gradient_query(X, proba, np.zeros(6, bool), 2, rng) for _ in range(6_000)])
    assert (draws[:, 0] == first).all()
    np.testing.assert_allclose(np.bincount(draws[:, 1], minlength=6) / 6_000, weight / weight.sum(), atol=0.025)


def test_known_world_third_draw_is_that_of_one_draw_after_another():
    """Blocks with rejection must give the law of k-means++ seeding, which is enumerated here."""
    local = np.random.default_rng(3)
    X, proba = local.normal(size=(5, 3)), local.dirichlet(np.ones(3), size=5)
    full = written_out(X, proba)
    squares = ((full[:, None] - full[None]) ** 2).sum(axis=2)
    first = (full**2).sum(axis=1).argmax()
    second = squares[first] / squares[first].sum()
    expected = np.zeros(5)
    for row, chance in enumerate(second):
        nearest = np.minimum(squares[first], squares[row])
        expected += chance * nearest / nearest.sum() if chance > 0 else 0
    rng = np.random.default_rng(4)
    third = [gradient_query(X, proba, np.zeros(5, bool), 3, rng)[2] for _ in range(6_000)]
    np.testing.assert_allclose(np.bincount(third, minlength=5) / 6_000, expected, atol=0.025)


@given(st.integers(0, 2**32 - 1))
def test_a_sure_row_is_not_drawn_while_others_are_torn(seed):
    local = np.random.default_rng(seed)
    proba = np.where(np.arange(20)[:, None] < 10, [1.0, 0.0], local.dirichlet([5, 5], size=20))
    chosen = gradient_query(local.normal(size=(20, 30)), proba, np.zeros(20, bool), 3, local)
    assert (chosen >= 10).sum() >= 2  # one row without a gradient can stand for the origin


def test_twenty_thousand_rows_and_a_hundred_classes_take_megabytes():
    """Gradients in full would be 20,000 x 100 x 384 numbers, 3 GB in single precision."""
    local = np.random.default_rng(5)
    X = local.normal(size=(20_000, 384)).astype(np.float32)
    proba = local.dirichlet(np.full(100, 0.1), size=20_000)
    nothing = np.zeros(20_000, bool)
    start = time.process_time()
    assert len(set(gradient_query(X, proba, nothing, 100, local).tolist())) == 100
    assert time.process_time() - start < 2.0  # a tenth of it on a quiet machine
    tracemalloc.start()
    gradient_query(X, proba, nothing, 100, local)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert peak < 150


def test_errors():
    with pytest.raises(InputError, match="2 rows where the table has 3"):
        gradient_query(np.eye(2), np.full((3, 2), 0.5), np.zeros(3, bool), 1, np.random.default_rng(0))
