"""AfLite: what a hand-made loop says, a world with a shortcut in half of its rows, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from modicum.core import InputError
from modicum.core.arrays import one_hot
from modicum.data.leaks import aflite, predictability


def world(seed=0, rows=200):
    """Two coordinates that say nothing, and one that gives the class away in the first half of the rows."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, rows)
    X = rng.normal(size=(rows, 3))
    X[:, 2] = np.where(np.arange(rows) < rows // 2, 3.0 * (2 * codes - 1), 0.0)
    return X, codes


def test_parity_with_ridge_fits_of_scikit_learn():
    X, codes = world(rows=60)
    rng, asked, right = np.random.default_rng(3), np.zeros(60), np.zeros(60)
    for _ in range(10):
        order = rng.permutation(60)
        rule = Ridge(alpha=1.0).fit(X[order[:30]], one_hot(codes, 2)[order[:30]])
        asked[order[30:]] += 1
        right[order[30:]] += rule.predict(X[order[30:]]).argmax(axis=1) == codes[order[30:]]
    found = predictability(X, codes, 2, parts=10, rng=np.random.default_rng(3))
    np.testing.assert_allclose(found, right / asked, atol=1e-9)


def test_known_world_rows_with_a_shortcut_are_predictable_and_go_first():
    X, codes = world()
    scores = predictability(X, codes, 2, rng=np.random.default_rng(0))
    assert scores[:100].min() > 0.99
    assert scores[100:].mean() == pytest.approx(0.5, abs=0.12)
    left = aflite(X, codes, 2, keep=110, rng=np.random.default_rng(0))
    assert (left >= 100).sum() >= 60
    assert (left < 100).sum() <= 50


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_at_least_the_rows_wanted_are_left(seed, keep):
    X, codes = world(seed, rows=40)
    left = aflite(X, codes, 2, keep=keep, parts=4, rng=np.random.default_rng(seed))
    assert len(left) >= keep
    assert (np.diff(left) > 0).all()


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_predictability_is_a_share_or_unknown(seed):
    X, codes = world(seed, rows=20)
    scores = predictability(X, codes, 2, parts=2, rng=np.random.default_rng(seed))
    known = scores[~np.isnan(scores)]
    assert ((known >= 0) & (known <= 1)).all()
    assert np.isnan(predictability(X, codes, 2, parts=1, rng=np.random.default_rng(seed))).sum() == 10


def test_errors():
    X, codes = world(rows=20)
    with pytest.raises(InputError, match="at least one row must be kept"):
        aflite(X, codes, 2, keep=0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="train must lie strictly between 0 and 1"):
        predictability(X, codes, 2, train=1.0, rng=np.random.default_rng(0))
    for setting in ({"parts": 0}, {"ridge": 0.0}):
        with pytest.raises(InputError, match="at least 1 part and a ridge above 0, not"):
            predictability(X, codes, 2, rng=np.random.default_rng(0), **setting)
    with pytest.raises(InputError, match="threshold must lie from 0 to 1, not 2"):
        aflite(X, codes, 2, keep=1, threshold=2, rng=np.random.default_rng(0))
