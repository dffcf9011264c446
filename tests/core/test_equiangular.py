"""Equiangular vectors: published least overlaps, edges, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.equiangular import equiangular_vectors


def overlap(V):
    return np.abs(V @ V.T - np.diag(np.diag(V @ V.T))).max()


@pytest.mark.parametrize(("classes", "width", "least"), [(3, 2, 1 / 2), (6, 3, 1 / np.sqrt(5)), (28, 7, 1 / 3)])
def test_parity_with_known_equiangular_lines(classes, width, least):
    """Lemmens & Seidel 1973: the largest sets of equiangular lines; (6, 3) are the diagonals of the icosahedron."""
    V = equiangular_vectors(classes, width, alpha=least + 0.02, rng=np.random.default_rng(0))
    assert overlap(V) <= least + 0.02 + 1e-6
    with pytest.raises(InputError, match=f"no {classes} vectors of width {width} .*; the least is {least:.3g}"):
        equiangular_vectors(classes, width, alpha=least - 0.01, rng=np.random.default_rng(0))


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 12))
def test_vectors_have_length_one_and_stay_apart(seed, classes, width):
    alpha = 0.0 if classes <= width else 1 - 0.1 * (width > 3)
    V = equiangular_vectors(classes, width, alpha=alpha, rng=np.random.default_rng(seed))
    np.testing.assert_allclose(np.linalg.norm(V, axis=1), 1)
    assert overlap(V) <= alpha + 1e-6


def test_chunks_of_the_push_change_nothing(monkeypatch):
    whole = equiangular_vectors(40, 20, alpha=0.25, rng=np.random.default_rng(0))
    monkeypatch.setattr("modicum.core.equiangular.BLOCK", 100)
    np.testing.assert_allclose(equiangular_vectors(40, 20, alpha=0.25, rng=np.random.default_rng(0)), whole)


def test_too_few_steps_are_told():
    with pytest.raises(InputError, match=r"still have cosines of .* after 1 steps; raise alpha or width"):
        equiangular_vectors(28, 7, alpha=0.34, rng=np.random.default_rng(0), steps=1)
