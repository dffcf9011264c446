"""Isotonic calibration: scikit-learn's answer, a known curve is found, what classes without rows and few rows get."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.naive_bayes import GaussianNB

from modicum.core import InputError
from modicum.labels.calibration import IsotonicMaps, fit_isotonic, fit_temperature


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_parity_with_scikit_learn(classes, weighted):
    """Correlated columns make naive Bayes too sure; scikit-learn fits one curve for two classes, which is the same."""
    rng = np.random.default_rng(0)
    y = np.arange(900) % classes
    X = rng.normal(size=(900, 1)) + 0.3 * rng.normal(size=(900, 6)) + np.eye(6)[y]
    weight = rng.integers(0, 3, size=800) if weighted else np.ones(800, dtype=np.int64)
    model = GaussianNB().fit(X[:100], y[:100])
    reference = CalibratedClassifierCV(FrozenEstimator(model), method="isotonic")
    reference.fit(np.repeat(X[100:], weight, axis=0), np.repeat(y[100:], weight))
    maps = fit_isotonic(model.predict_proba(X[100:]), y[100:], sample_weight=weight)
    fresh = rng.normal(size=(500, 6)) + np.eye(6)[rng.integers(0, classes, 500)]
    np.testing.assert_allclose(maps.apply(model.predict_proba(fresh)), reference.predict_proba(fresh), atol=1e-9)


def curved(n, rng):
    """Two classes; the true probability of the first is s(p), a staircase that no temperature can make."""
    p = rng.random(n)
    true = np.where(p < 0.5, 0.3, 0.6)
    return np.stack([p, 1 - p], axis=1), (rng.random(n) > true).astype(np.int64), true


@pytest.mark.parametrize("shared", [False, True])
def test_known_world_a_staircase_is_found(shared):
    """Pooled over both classes it becomes 0.35 below one half and 0.65 above: the mean of s and its mirror image."""
    rng = np.random.default_rng(1)
    proba, codes, _ = curved(40_000, rng)
    fresh, _, true = curved(5_000, rng)
    expected = np.where(fresh[:, 0] < 0.5, 0.35, 0.65) if shared else true
    inner = np.abs(fresh[:, 0] - 0.5) < 0.45
    inner &= np.abs(fresh[:, 0] - 0.5) > 0.01
    ours = fit_isotonic(proba, codes, shared=shared).apply(fresh)[:, 0]
    assert np.abs(ours - expected)[inner].max() < 0.04
    cooled = fresh ** (1 / fit_temperature(np.log(proba), codes))
    assert np.abs(cooled[:, 0] / cooled.sum(axis=1) - expected)[inner].max() > 0.1


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_rows_sum_to_one_and_curves_rise(seed, shared):
    rng = np.random.default_rng(seed)
    proba, codes = rng.dirichlet(np.ones(4), size=30), rng.integers(0, 4, 30)
    maps = fit_isotonic(proba, codes, shared=shared)
    np.testing.assert_allclose(maps.apply(proba).sum(axis=1), 1)
    for begin, end in zip(maps.starts[:-1], maps.starts[1:], strict=True):
        assert (np.diff(maps.x[begin:end]) > 0).all()
        assert (np.diff(maps.y[begin:end]) >= 0).all()


@given(st.integers(0, 2**32 - 1))
def test_a_shared_curve_never_reverses_two_classes(seed):
    rng = np.random.default_rng(seed)
    proba, codes = rng.dirichlet(np.ones(4), size=30), rng.integers(0, 4, 30)
    fresh = rng.dirichlet(np.ones(4), size=20)
    after = fit_isotonic(proba, codes, shared=True).apply(fresh)
    assert (np.diff(np.take_along_axis(after, fresh.argsort(axis=1), axis=1), axis=1) >= -1e-12).all()


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_weights_count_as_repeats(seed, shared):
    rng = np.random.default_rng(seed)
    proba, codes, count = rng.dirichlet(np.ones(3), size=20), rng.integers(0, 3, 20), rng.integers(0, 3, 20)
    again = fit_isotonic(np.repeat(proba, count, axis=0), np.repeat(codes, count), shared=shared).apply(proba)
    ours = fit_isotonic(proba, codes, sample_weight=count, shared=shared).apply(proba)
    np.testing.assert_allclose(ours, again, atol=1e-9)


@pytest.mark.parametrize("shared", [False, True])
def test_no_rows_change_nothing(shared):
    proba = np.array([[0.2, 0.5, 0.3]])
    maps = fit_isotonic(np.empty((0, 3)), np.empty(0, dtype=np.int64), shared=shared)
    np.testing.assert_allclose(maps.apply(proba), proba)


def test_a_class_without_rows_keeps_its_probabilities():
    maps = fit_isotonic(np.array([[0.5, 0.3, 0.2], [0.3, 0.5, 0.2]]), np.array([0, 1]))
    np.testing.assert_allclose(maps.apply(np.array([[0.0, 0.0, 1.0]])), [[0.0, 0.0, 1.0]])


def test_a_row_that_no_curve_believes_in_becomes_uniform():
    proba = np.array([[0.8, 0.2], [0.2, 0.8]])
    maps = IsotonicMaps(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.0]), np.array([0, 2, 4]))
    assert maps.apply(proba).tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_errors():
    proba, codes = np.array([[0.8, 0.2], [0.2, 0.8]]), np.array([0, 1])
    with pytest.raises(InputError, match="row 0 sums to 2, not 1"):
        fit_isotonic(np.ones((2, 2)), codes)
    with pytest.raises(InputError, match="sample weights must be 2 numbers of at least 0"):
        fit_isotonic(proba, codes, sample_weight=np.array([1.0, -1.0]))
    with pytest.raises(InputError, match="calibrated for 2 classes, not 3"):
        fit_isotonic(proba, codes).apply(np.full((1, 3), 1 / 3))
