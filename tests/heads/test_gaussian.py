"""Gaussian discriminant: the authors' formula, the Bayes rule it must reach, and fewer rows than dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from modicum.core import InputError
from modicum.heads import GaussianDiscriminant
from modicum.heads.gaussian import gaussian_rule, shrunk_precision
from tests.heads.test_class_mean import blobs


def test_parity_with_the_published_shrinkage():
    """The authors' rule is D * pinv((n - 1) cov + trace(cov) I) with numpy's cov of the deviations."""
    X, y = blobs(np.random.default_rng(0), spread=1.0)
    deviations = X - np.stack([X[y == k].mean(axis=0) for k in range(4)])[y]
    cov = np.cov(deviations.T)
    expected = X.shape[1] * np.linalg.pinv((len(X) - 1) * cov + np.trace(cov) * np.eye(X.shape[1]))
    np.testing.assert_allclose(shrunk_precision(deviations, np.ones(len(X))), expected, rtol=1e-9)


def test_parity_with_linear_discriminant_analysis():
    """With the precision scaled back to the plain inverse covariance the decisions are those of scikit-learn."""
    X, y = blobs(np.random.default_rng(1), per_class=200, spread=3.0)
    reference = LinearDiscriminantAnalysis(solver="lsqr", priors=np.full(4, 0.25)).fit(X, y)
    W, b = gaussian_rule(reference.means_, np.linalg.inv(reference.covariance_), np.full(4, np.log(0.25)))
    ours = (X @ W.T + b).argmax(axis=1)
    assert np.array_equal(ours, reference.predict(X))
    assert (ours != y).any()


def test_known_world_correlated_gaussians_reach_the_bayes_rate():
    """Two classes 2 apart along x, with noise correlated across y: Bayes uses y to cancel noise, class means cannot."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 50_000)
    common = 2 * rng.normal(size=len(y))
    X = np.stack([2.0 * y + common + 0.5 * rng.normal(size=len(y)), common + 0.5 * rng.normal(size=len(y))], axis=1)
    covariance = np.array([[4.25, 4.0], [4.0, 4.25]])
    gap = np.array([2.0, 0.0])
    distance = np.sqrt(gap @ np.linalg.inv(covariance) @ gap)
    expected = norm.cdf(distance / 2)
    assert GaussianDiscriminant(temper=1.0).fit(X, y).score(X, y) == pytest.approx(expected, abs=0.005)


@given(st.integers(0, 2**32 - 1))
def test_turning_all_vectors_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng)
    Q, _ = np.linalg.qr(rng.normal(size=(X.shape[1], X.shape[1])))
    one, two = GaussianDiscriminant().fit(X, y), GaussianDiscriminant().fit(X @ Q, y)
    np.testing.assert_allclose(one.predict_proba(X), two.predict_proba(X @ Q), atol=1e-6)


@given(st.integers(2, 6), st.integers(10, 30))
def test_fewer_rows_than_dimensions_is_fine(rows, width):
    X = np.random.default_rng(rows * width).normal(size=(rows * 2, width)).astype(np.float32)
    proba = GaussianDiscriminant().fit(X, np.arange(rows * 2) % 2).predict_proba(X)
    assert np.isfinite(proba).all()


def test_one_row_a_class_has_no_deviations_and_falls_back_on_a_sphere():
    head = GaussianDiscriminant().fit(np.eye(3), [0, 1, 2])
    assert head.predict(np.eye(3)).tolist() == [0, 1, 2]


def test_empirical_shares_move_the_boundary():
    X, y = blobs(np.random.default_rng(3), classes=2, spread=5.0)
    keep = (y == 0) | (np.arange(len(y)) % 10 == 0)
    uniform = GaussianDiscriminant(temper=1.0).fit(X[keep], y[keep])
    weighted = GaussianDiscriminant(temper=1.0, shares="empirical").fit(X[keep], y[keep])
    assert (weighted.predict(X) == 0).sum() > (uniform.predict(X) == 0).sum()


def test_unknown_class_shares_are_refused():
    with pytest.raises(InputError, match="class shares 'empiric' is not known; did you mean 'empirical'"):
        GaussianDiscriminant(shares="empiric").fit(np.eye(2), [0, 1])
