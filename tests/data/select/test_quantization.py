"""Dataset quantization: the gain by hand, a world of typical and rare rows, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.select import quantize, submodular_bins


def rng(seed=0):
    return np.random.default_rng(seed)


def by_hand(X, bins):
    """Each step takes the row with the largest sum of cosines to rows in no bin less that to the bin's own rows."""
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    C, out, size = X @ X.T, np.full(len(X), -1), -(-len(X) // bins)
    for step in range(len(X)):
        free, own = np.flatnonzero(out < 0), np.flatnonzero(out == step // size)
        gain = C[free][:, free].sum(axis=1) - C[free][:, own].sum(axis=1)
        out[free[gain.argmax()]] = step // size
    return out


def test_parity_with_the_definition():
    X = rng().normal(size=(40, 5))
    assert submodular_bins(X, 4).tolist() == by_hand(X, 4).tolist()


def test_known_world_rare_rows_come_last():
    X = np.concatenate([np.eye(3)[[0]] + 0.1 * rng().normal(size=(90, 3)), -np.eye(3)[[0]] + np.zeros((10, 3))])
    member = submodular_bins(X, 10)
    assert (member[:90] == 0).sum() == 10
    assert (member[90:] >= 8).mean() > 0.5
    assert np.bincount(member).tolist() == [10] * 10


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 6))
def test_every_bin_gives_its_share_and_weights_stand_for_all_rows(seed, keep, bins):
    X = rng(seed).normal(size=(30, 3))
    found = quantize(X, keep, bins=bins, rng=rng(seed))
    assert len(set(found.rows.tolist())) == keep
    sizes = np.bincount(submodular_bins(X, bins), minlength=bins)
    drawn = np.bincount(-found.scores.astype(int), minlength=bins)
    assert np.abs(drawn - keep * sizes / 30).max() <= 1
    assert found.weights.mean() == pytest.approx(1)


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_length_never_matters(seed, scale):
    X = rng(seed).normal(size=(20, 3))
    assert np.array_equal(submodular_bins(X, 4), submodular_bins(scale * X, 4))


def test_dropped_bins_give_nothing_and_errors_say_why():
    X = rng().normal(size=(20, 3))
    assert quantize(X, 6, bins=4, drop=2, rng=rng()).scores.min() == -1
    with pytest.raises(InputError, match="12 rows are wanted of a pool of 10"):
        quantize(X, 12, bins=4, drop=2, rng=rng())
    with pytest.raises(InputError, match="4 of 4 bins are dropped"):
        quantize(X, 2, bins=4, drop=4, rng=rng())
    with pytest.raises(InputError, match="21 bins for 20 rows"):
        submodular_bins(X, 21)
