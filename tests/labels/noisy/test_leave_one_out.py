"""Leave-one-out kernel regression: the same as fitting again without each row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from modicum.core.arrays import normalize_rows, one_hot
from modicum.labels.noisy.leave_one_out import leave_one_out


def world(seed, rows=40, width=5, classes=3):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, classes, rows)
    return rng.normal(size=(rows, width)) + 2 * np.eye(width)[codes], codes


def test_parity_with_scikit_learn_refitted_without_each_row():
    """Ridge on the kernel's own coordinates, forty fits; the closed form must say the same."""
    X, codes = world(0)
    unit = normalize_rows(X)
    values, basis = np.linalg.eigh(np.exp(-0.25 * ((unit[:, None] - unit[None]) ** 2).sum(axis=2)))
    features = basis * np.sqrt(values)
    expected = []
    for row in range(len(X)):
        rest = np.arange(len(X)) != row
        expected.append(Ridge(alpha=0.2).fit(features[rest], one_hot(codes, 3)[rest]).predict(features[[row]])[0])
    found = leave_one_out(X, codes, 3, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_the_rows_own_label_says_nothing_of_its_scores(seed):
    X, codes = world(seed)
    other = codes.copy()
    other[7] = (codes[7] + 1) % 3
    first, second = (leave_one_out(X, given, 3, rng=np.random.default_rng(0))[7] for given in (codes, other))
    np.testing.assert_allclose(first, second, atol=1e-8)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_length_of_vectors_does_not_matter_and_classes_share_one(seed, scale):
    X, codes = world(seed)
    found = leave_one_out(X, codes, 3, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found, leave_one_out(scale * X, codes, 3, rng=np.random.default_rng(0)), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-4)


def test_few_landmarks_come_close():
    X, codes = world(1, rows=400)
    whole = leave_one_out(X, codes, 3, rng=np.random.default_rng(0))
    thin = leave_one_out(X, codes, 3, landmarks=100, rng=np.random.default_rng(0))
    assert np.abs(whole - thin).mean() < 0.05
    assert (whole.argmax(axis=1) == thin.argmax(axis=1)).mean() > 0.95


def test_chunks_do_not_show(monkeypatch):
    X, codes = world(2)
    whole = leave_one_out(X, codes, 3, rng=np.random.default_rng(0))
    monkeypatch.setattr("modicum.labels.noisy.leave_one_out.CHUNK", 7)
    assert leave_one_out(X, codes, 3, rng=np.random.default_rng(0)) == pytest.approx(whole)
