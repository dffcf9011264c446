"""Fused vectors: the published form, cosines that are means of cosines, complementary encoders, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.heads import ClassMean
from modicum.vectors.shape import fused_vectors


def test_parity_with_the_published_form():
    """(a f1, (1 - a) f2) with both of length 1: its cosine weighs the encoders by a² and (1 - a)²."""
    rng = np.random.default_rng(0)
    A, B = normalize_rows(rng.normal(size=(9, 4))), normalize_rows(rng.normal(size=(9, 3)))
    published = normalize_rows(np.concatenate([0.3 * A, 0.7 * B], axis=1))
    np.testing.assert_allclose(fused_vectors([A, B], [0.3**2, 0.7**2]), published, atol=1e-12)


def test_known_world_each_encoder_sees_half_of_the_classes_apart():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 4, 800)
    A, B = (np.eye(6)[half] + 0.3 * rng.normal(size=(800, 6)) for half in (y // 2, y % 2))
    both = fused_vectors([A, B])
    few = np.arange(80)
    score = [ClassMean().fit(V[few], y[few]).score(V, y) for V in (A, B, both)]
    assert max(score[:2]) < 0.6
    assert score[2] > 0.85


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0.01, 5), min_size=3, max_size=3))
def test_cosines_are_weighted_means_of_the_encoders(seed, shares):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(5, width)) for width in (2, 3, 4)]
    fused = fused_vectors(parts, shares)
    cosines = [normalize_rows(part) @ normalize_rows(part).T for part in parts]
    np.testing.assert_allclose(fused @ fused.T, np.average(cosines, axis=0, weights=shares), atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_the_length_of_vectors_does_not_count(seed, scale):
    rng = np.random.default_rng(seed)
    A, B = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    np.testing.assert_allclose(fused_vectors([scale * A, B]), fused_vectors([A, B]), atol=1e-9)


def test_no_weight_no_rows_and_single_precision():
    A = np.eye(2, dtype=np.float32)
    assert fused_vectors([A, A], [1, 0]).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert fused_vectors([A, A]).dtype == np.float32
    assert fused_vectors([A[:0], A[:0]]).shape == (0, 4)


def test_errors_name_what_is_wrong():
    A = np.eye(2)
    with pytest.raises(InputError, match="there are no vectors to fuse"):
        fused_vectors([])
    with pytest.raises(InputError, match="vectors of encoder 2 have 1 rows where the table has 2"):
        fused_vectors([A, A[:1]])
    for shares in ([1.0], [0.0, 0.0], [-1.0, 2.0], np.array([0.0, 0.0])):
        with pytest.raises(InputError, match="shares must be 2 numbers from 0 up that are not all 0, not"):
            fused_vectors([A, A], shares)
