"""Array helpers against scipy and against their own definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special, stats

from modicum.core.arrays import (
    chunks,
    class_means,
    entropy,
    fuse,
    log_probabilities,
    log_softmax,
    normalize_rows,
    one_hot,
    softmax,
)

scores = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(-3000, 3000))


@given(scores)
def test_softmax_and_its_logarithm_agree_with_scipy(values):
    np.testing.assert_allclose(softmax(values), special.softmax(values, axis=1), atol=1e-12)
    np.testing.assert_allclose(log_softmax(values), special.log_softmax(values, axis=1), atol=1e-9)


@given(scores)
def test_entropy_agrees_with_scipy(values):
    np.testing.assert_allclose(entropy(softmax(values)), stats.entropy(softmax(values), axis=1), atol=1e-8)


@given(st.integers(0, 100), st.integers(1, 30))
def test_chunks_cover_every_row_once(rows, size):
    covered = [row for part in chunks(rows, size) for row in range(part.start, part.stop)]
    assert covered == list(range(rows))


def test_rows_of_zeros_stay_zero():
    np.testing.assert_allclose(normalize_rows(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0.0, 0.0]])


@given(st.floats(1e-30, 1e30))
def test_rows_of_any_length_get_length_one(scale):
    np.testing.assert_allclose(normalize_rows(scale * np.array([[3.0, 4.0]])), [[0.6, 0.8]])


def test_class_means_of_weighted_rows():
    means = class_means(np.array([[0.0], [1.0], [5.0]]), np.array([[1.0, 0, 0], [3.0, 0, 0], [0, 2.0, 0]]))
    np.testing.assert_allclose(means, [[0.75], [5.0], [0.0]])
    np.testing.assert_allclose(class_means(np.array([[0.0], [4.0]]), np.array([[0.1], [0.3]])), [[3.0]])


def test_one_hot_and_floored_logarithm():
    assert one_hot([1, 0], 2).tolist() == [[0, 1], [1, 0]]
    assert log_probabilities(np.array([[0.0, 1.0]]))[0, 0] == pytest.approx(np.log(1e-12))


def test_the_cosine_of_fused_vectors_is_the_weighted_mean_of_those_of_the_parts():
    rng = np.random.default_rng(0)
    parts, shares = [rng.normal(size=(6, width)) for width in (3, 5, 2)], [0.5, 0.2, 0.3]
    fused = fuse(parts, shares)
    assert fused.shape == (6, 10)
    expected = sum(
        share * normalize_rows(part) @ normalize_rows(part).T for part, share in zip(parts, shares, strict=True)
    )
    np.testing.assert_allclose(fused @ fused.T, expected)
    assert fuse([np.eye(2, dtype=np.float32)] * 2, [0.25, 0.75]).dtype == np.float32
    np.testing.assert_allclose(fuse([np.eye(2), np.zeros((2, 1))], [0.36, 0.64]), [[0.6, 0, 0], [0, 0.6, 0]])


def test_softmax_is_over_the_last_axis():
    values = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_allclose(softmax(values).sum(axis=2), 1)
    np.testing.assert_allclose(np.exp(log_softmax(values)), softmax(values))
