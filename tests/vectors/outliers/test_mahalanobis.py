"""Mahalanobis: parity with scikit-learn and scipy, a Gaussian world, affine maps, skipped components, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import chi2
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA

from modicum.core import InputError
from modicum.vectors.outliers import Mahalanobis, class_gaussians, mahalanobis_distances
from modicum.vectors.outliers import mahalanobis as module


def clouds(rng, rows=120, classes=3, width=5):
    y = np.arange(rows) % classes
    mix = rng.normal(size=(width, width))
    return 4 * rng.normal(size=(classes, width))[y] + rng.normal(size=(rows, width)) @ mix, y


def test_parity_with_scikit_learn_on_one_gaussian():
    """The authors' own estimator of the inverse covariance is scikit-learn's LedoitWolf on all rows."""
    X, y = clouds(np.random.default_rng(0))
    found = mahalanobis_distances(X, *class_gaussians(X, np.zeros_like(y)))
    np.testing.assert_allclose(found, np.sqrt(LedoitWolf().fit(X).mahalanobis(X)), rtol=1e-8)


def test_parity_with_scipy_on_class_means():
    X, y = clouds(np.random.default_rng(1))
    means = np.array([X[y == k].mean(axis=0) for k in range(3)])
    precision = LedoitWolf(assume_centered=True).fit(X - means[y]).precision_
    expected = cdist(X, means, "mahalanobis", VI=precision).min(axis=1)
    np.testing.assert_allclose(mahalanobis_distances(X, *class_gaussians(X, y)), expected, rtol=1e-8)


def test_skipped_components_are_those_of_most_variance():
    X, y = clouds(np.random.default_rng(2), classes=1)
    share = np.cumsum(PCA().fit(X).explained_variance_ratio_)
    rest = PCA().fit_transform(X)[:, 2:]
    found = mahalanobis_distances(X, *class_gaussians(X, y, skip=float(share[1]) + 1e-9))
    expected = np.sqrt(LedoitWolf(assume_centered=True).fit(rest).mahalanobis(rest))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_known_world_squared_distances_are_chi_squared_and_false_alarms_as_set():
    rng = np.random.default_rng(3)
    mix = rng.normal(size=(4, 4))
    X, fresh = rng.normal(size=(20_000, 4)) @ mix, rng.normal(size=(20_000, 4)) @ mix
    detector = Mahalanobis(false_alarms=0.1).fit(X)
    assert -(detector.offset_) == pytest.approx(np.sqrt(chi2.ppf(0.9, 4)), abs=0.05)
    assert (detector.predict(fresh) == -1).mean() == pytest.approx(0.1, abs=0.01)
    assert (detector.predict(fresh + 20) == -1).all()


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_moving_and_scaling_all_vectors_changes_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    X, y = clouds(rng, rows=40)
    Q, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    plain, moved = Mahalanobis().fit(X, y), Mahalanobis().fit(scale * X @ Q + 3, y)
    np.testing.assert_allclose(plain.score_samples(X), moved.score_samples(scale * X @ Q + 3), rtol=1e-5, atol=1e-5)


@given(st.integers(0, 2**32 - 1))
def test_class_means_are_as_typical_as_can_be(seed):
    X, y = clouds(np.random.default_rng(seed), rows=40)
    detector = Mahalanobis().fit(X, y)
    assert detector.score_samples(detector.means_) == pytest.approx(np.zeros(3), abs=1e-4)
    assert detector.score_samples(X).max() <= 0


def test_chunks_give_the_same(monkeypatch):
    X, y = clouds(np.random.default_rng(4))
    fitted = class_gaussians(X, y)
    whole = mahalanobis_distances(X, *fitted)
    monkeypatch.setattr(module, "BLOCK", 60)
    np.testing.assert_allclose(mahalanobis_distances(X, *fitted), whole)


def test_more_dimensions_than_rows():
    X = np.random.default_rng(5).normal(size=(12, 40)).astype(np.float32)
    assert np.isfinite(Mahalanobis().fit(X).score_samples(X)).all()


def test_errors_name_what_is_wrong():
    X = np.random.default_rng(6).normal(size=(8, 3))
    with pytest.raises(InputError, match="no class has two rows that differ"):
        Mahalanobis().fit(X, np.arange(8))
    with pytest.raises(InputError, match="skip must be at least 0 and below 1, not 1"):
        Mahalanobis(skip=1.0).fit(X)
