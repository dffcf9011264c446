"""Choice of encoders: leave-one-out by hand, worlds where one or two together serve, submodularity."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from modicum.core import InputError
from modicum.evaluation.encoders import choose_encoders, served


def world(seed=0, rows=80, classes=4, width=6, spread=0.5):
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    return rng.normal(size=(classes, width))[codes] + spread * rng.normal(size=(rows, width)), codes


def test_parity_with_leaving_each_row_out():
    X, codes = world()
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    cosines = np.empty((80, 4))
    for row in range(80):
        rest = np.arange(80) != row
        means = np.array([X[rest & (codes == k)].mean(axis=0) for k in range(4)])
        cosines[row] = X[row] @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    found = served(X, codes, 4)
    grid = [softmax(scale * cosines, axis=1)[np.arange(80), codes] for scale in np.exp(np.linspace(-2, 8, 400))]
    best = max(grid, key=lambda proba: np.log(np.maximum(proba, 1e-300)).mean())
    np.testing.assert_allclose(found, best, atol=0.02)


def test_errors_are_those_of_a_mean():
    (X, codes), other = world(), world(seed=1)[0]
    found = choose_encoders([X, other], codes, 4)
    rows = [served(one, codes, 4) for one in (X, other)]
    np.testing.assert_allclose(found.errors, [np.std(one) / np.sqrt(80) for one in rows])


def test_known_world_two_halves_beat_two_copies():
    """One encoder tells the first classes, with a copy of it beside; another the last ones; a fourth tells nothing."""
    rng = np.random.default_rng(0)
    codes = np.arange(400) % 4
    low, high = (
        np.eye(4)[np.where(mask, codes, 0)] + 0.05 * rng.normal(size=(400, 4)) for mask in (codes < 3, codes > 1)
    )
    noise = rng.normal(size=(400, 4))
    found = choose_encoders([noise, low, low.copy(), high], codes, 4)
    assert found.order[-1] != 3
    assert set(found.order[:2]) == {3, found.order[0]}
    assert found.alone[0] < found.alone[1:].min()


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_each_next_encoder_adds_and_adds_less(seed):
    _, codes = world(seed)
    encoders = [world(seed + k, spread=0.3 + k)[0] for k in range(5)]
    together = choose_encoders(encoders, codes, 4).together
    gains = np.diff(together, prepend=0)
    assert (gains >= -1e-12).all()
    assert (np.diff(gains) <= 1e-12).all()


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_two_are_nearly_the_best_two(seed):
    _, codes = world(seed)
    encoders = [world(seed + k, spread=0.5 + k)[0] for k in range(5)]
    found = choose_encoders(encoders, codes, 4, keep=2)
    serving = np.array([served(X, codes, 4) for X in encoders])
    best = max((1 - (1 - serving[list(pair)]).prod(axis=0)).mean() for pair in itertools.combinations(range(5), 2))
    assert found.together[-1] >= (1 - 1 / np.e) * best
    assert found.together[0] == pytest.approx(found.alone.max())


def test_rows_alone_in_their_class_and_classes_without_rows():
    X, codes = world(rows=9)
    assert served(X, codes, 7)[[1, 2, 3]].min() > 0
    alone = served(X[:5], codes[:5], 4)
    assert alone[1:4].tolist() == [0.0, 0.0, 0.0]
    assert served(X[:4], codes[:4], 4).tolist() == [0.0] * 4


def test_errors():
    X, codes = world()
    with pytest.raises(InputError, match="no encoder is given"):
        choose_encoders([], codes, 4)
    with pytest.raises(InputError, match="3 encoders are wanted of 2"):
        choose_encoders([X, X], codes, 4, keep=3)
    with pytest.raises(InputError, match="every class has a single row"):
        choose_encoders([X[:4]], codes[:4], 4)
    with pytest.raises(InputError, match="79 class codes for 80 rows"):
        choose_encoders([X], codes[1:], 4)
