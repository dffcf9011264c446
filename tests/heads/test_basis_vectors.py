"""Equiangular basis vectors: scikit-learn's loss, a world with a known answer, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from sklearn.metrics import log_loss

from modicum.heads import EquiangularBasisVectors, angular_loss, equiangular_vectors
from tests.heads.test_class_mean import blobs


def drawn(seed, rows=9, width=5, classes=4, basis_width=3):
    rng = np.random.default_rng(seed)
    X, basis = rng.normal(size=(rows, width)), equiangular_vectors(classes, basis_width, alpha=0.6, rng=rng)
    codes, weight = rng.integers(0, classes, rows), rng.dirichlet(np.ones(rows))
    return rng.normal(size=(basis_width, width)), X, codes, basis, weight


def test_parity_with_log_loss_and_with_differences():
    """The authors' training: cross-entropy of normalised outputs times the vectors, divided by 0.07."""
    flat, X, codes, basis, weight = drawn(0)
    turned = X @ flat.T
    logits = turned / np.linalg.norm(turned, axis=1, keepdims=True) @ basis.T / 0.07
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    arguments = (X, np.eye(4)[codes], basis, weight, 0.07)
    loss, slope = angular_loss(flat.ravel(), *arguments)
    assert loss == pytest.approx(log_loss(codes, proba, sample_weight=weight, labels=range(4)), rel=1e-6)
    near = approx_fprime(flat.ravel(), lambda at: angular_loss(at, *arguments)[0], 1e-7)
    np.testing.assert_allclose(slope, near, atol=1e-4)


def test_known_world_classes_without_spread():
    """Turned onto v_k less the mean vector, cosines differ by sqrt(K / (K - 1)): no direction sets a class further off.

    The rows are skewed, so that the map must be learnt: its start does not do it.
    """
    X, y = np.repeat([[1.0, 0.5, 0.0], [0.0, 3.0, 0.7], [0.8, 0.0, 0.1]], 5, axis=0), np.repeat([0, 1, 2], 5)
    best = 1 / (1 + 2 * np.exp(-np.sqrt(3 / 2) / 0.5))
    learnt, start = (
        EquiangularBasisVectors(temperature=0.5, pull=0.0, iterations=n).fit(X, y).predict_proba(X)[np.arange(15), y]
        for n in (500, 0)
    )
    assert learnt == pytest.approx(best, abs=1e-3)
    assert start.min() < best - 0.01


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_the_order_of_classes_is_that_of_a_linear_rule(seed):
    X, y = blobs(np.random.default_rng(seed), spread=2.0)
    head = EquiangularBasisVectors(width=3, alpha=0.6).fit(X, y)
    linear = X @ (head.basis_ @ head.map_).T + head.basis_ @ head.offset_
    assert np.array_equal(head.predict(X), linear.argmax(axis=1))


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_rotation_and_shift_change_nothing(seed):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng, spread=1.0)
    Q, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    plain, moved = EquiangularBasisVectors().fit(X, y), EquiangularBasisVectors().fit(X @ Q + 1, y)
    np.testing.assert_allclose(plain.predict_proba(X), moved.predict_proba(X @ Q + 1), atol=1e-2)


def test_more_classes_than_dimensions():
    X, y = blobs(np.random.default_rng(0), classes=12, width=8)
    head = EquiangularBasisVectors(width=6, alpha=0.4).fit(X, y)
    assert head.score(X, y) > 0.95
    assert head.map_.shape == (6, 8)


def test_rows_that_are_all_alike_are_no_trouble():
    proba = EquiangularBasisVectors().fit(np.ones((4, 3)), [0, 0, 1, 1]).predict_proba(np.ones((2, 3)))
    np.testing.assert_allclose(proba, 0.5)


def test_a_class_without_rows_is_not_predicted():
    X, y = blobs(np.random.default_rng(0), classes=3)
    assert EquiangularBasisVectors().fit(X, y, classes=np.arange(4)).predict_proba(X)[:, 3].max() < 1e-3
