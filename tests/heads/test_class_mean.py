"""Nearest class mean: parity with scikit-learn's NearestCentroid, a world with a known answer, properties, edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from modicum.core import InputError
from modicum.heads import ClassMean


def blobs(rng, classes=4, per_class=20, width=6, spread=0.3):
    centres = 3 * rng.normal(size=(classes, width))
    y = np.repeat(np.arange(classes), per_class)
    return centres[y] + spread * rng.normal(size=(len(y), width)), y


def test_parity_with_nearest_centroid():
    X, y = blobs(np.random.default_rng(0), spread=3.0)
    ours, reference = ClassMean(metric="euclidean").fit(X, y), NearestCentroid().fit(X, y)
    assert np.array_equal(ours.predict(X), reference.predict(X))
    assert (ours.predict(X) != y).any(), "the world must be hard enough for the two to be able to differ"


def test_known_world_two_gaussians_meet_in_the_middle():
    """With equal spherical classes at -1 and +1 the boundary is 0 and the error is the normal tail beyond 1/sigma."""
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 200_000)
    X = (2 * y - 1)[:, None] + rng.normal(size=(len(y), 1))
    assert ClassMean().fit(X, y).score(X, y) == pytest.approx(0.8413, abs=0.004)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10))
def test_rotation_changes_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    X, y = blobs(rng)
    Q, _ = np.linalg.qr(rng.normal(size=(X.shape[1], X.shape[1])))
    plain, turned = ClassMean(scale=scale).fit(X, y), ClassMean(scale=scale).fit(X @ Q, y)
    np.testing.assert_allclose(plain.predict_proba(X), turned.predict_proba(X @ Q), atol=1e-6)


@given(st.integers(0, 2**32 - 1))
def test_adding_a_class_moves_no_other(seed):
    X, y = blobs(np.random.default_rng(seed))
    all_four, three = ClassMean().fit(X, y), ClassMean().fit(X[y < 3], y[y < 3])
    np.testing.assert_allclose(all_four.coef_[:3], three.coef_)


def test_class_without_rows_takes_its_name_or_is_never_predicted():
    X, y = np.eye(3)[[0, 1]], ["a", "b"]
    names = np.eye(3)
    with_names = ClassMean().fit(X, y, classes=["a", "b", "c"], class_vectors=names)
    assert with_names.predict(np.eye(3)).tolist() == ["a", "b", "c"]
    without = ClassMean().fit(X, y, classes=["a", "b", "c"])
    assert without.predict_proba(np.eye(3))[:, 2].max() == 0


def test_errors_name_what_is_wrong():
    X = np.eye(2)
    with pytest.raises(InputError, match="metric 'cosin' is not known; did you mean 'cosine'"):
        ClassMean(metric="cosin").fit(X, [0, 1])
    with pytest.raises(InputError, match="label 'z' is not one of the 2 classes"):
        ClassMean().fit(X, ["a", "z"], classes=["a", "b"])
    with pytest.raises(InputError, match="class vectors are 3 wide where 2 is expected"):
        ClassMean().fit(X, [0, 1], class_vectors=np.eye(3)[:2])
    with pytest.raises(ValueError, match="only one class"):
        ClassMean().fit(X, [1, 1])
