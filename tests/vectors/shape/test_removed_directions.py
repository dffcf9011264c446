"""Removed directions: the definition, parity with scikit-learn, a nuisance taken out, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.heads import ClassMean
from modicum.vectors.shape import RemovedDirections, remove_directions, span


def test_parity_with_the_definition():
    """(I - U U^T) e with U from a QR decomposition of the undesired vectors, as the paper has it."""
    rng = np.random.default_rng(0)
    X, undesired = rng.normal(size=(20, 6)), rng.normal(size=(2, 6))
    U, _ = np.linalg.qr(undesired.T)
    np.testing.assert_allclose(remove_directions(X, span(undesired)), X @ (np.eye(6) - U @ U.T), atol=1e-12)


def test_parity_with_scikit_learn_on_the_leading_components():
    X = np.random.default_rng(1).normal(size=(60, 5)) * np.arange(1, 6) + 2
    pca = PCA(2).fit(X)
    expected = X - pca.inverse_transform(pca.transform(X))
    np.testing.assert_allclose(RemovedDirections(components=2).fit_transform(X), normalize_rows(expected), atol=1e-8)


def test_known_world_without_the_nuisance_the_classes_are_seen():
    rng = np.random.default_rng(2)
    y, tone = rng.integers(0, 2, (2, 1000))
    X = np.eye(8)[y] + 4 * tone[:, None] * np.eye(8)[7] + 0.2 * rng.normal(size=(1000, 8))
    cut = RemovedDirections(directions=np.eye(8)[[7]]).fit(X)
    few = np.array([np.flatnonzero((y == 0) & (tone == 1))[0], np.flatnonzero((y == 1) & (tone == 0))[0]])
    assert ClassMean().fit(X[few], y[few]).score(X, y) < 0.7
    assert ClassMean().fit(cut.transform(X[few]), y[few]).score(cut.transform(X), y) > 0.9


@given(st.integers(0, 2**32 - 1))
def test_nothing_is_left_along_the_directions_and_twice_is_once(seed):
    rng = np.random.default_rng(seed)
    X, basis = rng.normal(size=(9, 6)), span(rng.normal(size=(3, 6)))
    left = remove_directions(X, basis)
    np.testing.assert_allclose(left @ basis.T, 0, atol=1e-9)
    np.testing.assert_allclose(remove_directions(left, basis), left, atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_bases_are_orthonormal_and_no_larger_than_they_must_be(seed, rank):
    rng = np.random.default_rng(seed)
    basis = span(rng.normal(size=(6, rank)) @ rng.normal(size=(rank, 8)))
    assert basis.shape == (rank, 8)
    np.testing.assert_allclose(basis @ basis.T, np.eye(rank), atol=1e-9)


def test_strengths_and_a_row_that_lies_along_the_direction_alone():
    basis = np.array([[1.0, 0.0]])
    assert remove_directions(np.array([[2.0, 1.0]]), basis, strength=0.5).tolist() == [[1.0, 1.0]]
    cut = RemovedDirections(directions=[[0.3, 0.1]]).fit(np.eye(2))
    assert cut.transform([[0.6, 0.2], [0.1, -0.3]])[0].tolist() == [0.0, 0.0]


def test_errors_name_what_is_wrong():
    X = np.eye(3)
    with pytest.raises(InputError, match="there is no direction to remove, or all are zero"):
        RemovedDirections(directions=np.zeros((1, 3))).fit(X)
    with pytest.raises(InputError, match="directions are 2 wide where 3 is expected"):
        RemovedDirections(directions=[[1.0, 0.0]]).fit(X)
    with pytest.raises(InputError, match=r"components must lie in 1\.\.3, not 4"):
        RemovedDirections(components=4).fit(X)
