"""Linear bridges: parity with scikit-learn and scipy, maps that are known, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from sklearn.linear_model import Ridge

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import linear_bridge


def test_parity_with_scikit_learns_ridge():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 5)) + 1, rng.normal(size=(40, 3))
    alpha = 0.3 * ((X - X.mean(axis=0)) ** 2).sum() / 5
    expected = Ridge(alpha).fit(X, Y).predict(X)
    np.testing.assert_allclose(linear_bridge(X, Y, ridge=0.3).cross(X), normalize_rows(expected), atol=1e-9)


def test_parity_with_scipys_rotation():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 3))
    Y = Rotation.random(random_state=2).apply(X) + 0.1 * rng.normal(size=(30, 3))
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    expected = Rotation.align_vectors(Y, X)[0].as_matrix().T
    np.testing.assert_allclose(linear_bridge(X, Y, kind="rotation").map, expected, atol=1e-6)


def test_known_world_another_encoder_that_is_a_linear_map():
    rng = np.random.default_rng(3)
    A = rng.normal(size=(6, 9))
    X, fresh = rng.normal(size=(50, 6)), rng.normal(size=(20, 6))
    bridge = linear_bridge(X, X @ A + 2, ridge=0)
    np.testing.assert_allclose(bridge.cross(fresh), normalize_rows(fresh @ A + 2), atol=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_a_rotation_is_found_from_fewer_rows_than_dimensions_on_their_span(seed):
    rng = np.random.default_rng(seed)
    X, (Q, _) = rng.normal(size=(5, 8)), np.linalg.qr(rng.normal(size=(8, 8)))
    bridge = linear_bridge(X, X @ Q, kind="rotation")
    np.testing.assert_allclose(bridge.map @ bridge.map.T, np.eye(8), atol=1e-9)
    np.testing.assert_allclose(bridge.cross(X), normalize_rows(X @ Q), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["ridge", "rotation"]))
def test_the_order_of_shared_rows_does_not_count(seed, kind):
    rng = np.random.default_rng(seed)
    X, Y, order = rng.normal(size=(9, 4)), rng.normal(size=(9, 4)), rng.permutation(9)
    one, other = linear_bridge(X, Y, kind=kind), linear_bridge(X[order], Y[order], kind=kind)
    np.testing.assert_allclose(one.cross(X), other.cross(X), atol=1e-7)


def test_equal_rows_lead_to_their_mean():
    bridge = linear_bridge(np.ones((3, 2)), np.eye(3))
    np.testing.assert_allclose(bridge.cross(np.ones((1, 2))), np.full((1, 3), 3**-0.5))


def test_errors_name_what_is_wrong():
    X = np.random.default_rng(4).normal(size=(6, 3))
    with pytest.raises(InputError, match="vectors where it ends have 5 rows where the table has 6"):
        linear_bridge(X, X[1:])
    with pytest.raises(InputError, match="a bridge needs at least 2 rows that both encoders saw, not 1"):
        linear_bridge(X[:1], X[:1])
    with pytest.raises(InputError, match="a rotation needs equal widths, not 3 and 2; take kind 'ridge'"):
        linear_bridge(X, X[:, :2], kind="rotation")
    with pytest.raises(InputError, match="ridge must be at least 0, not -1"):
        linear_bridge(X, X, ridge=-1)
    with pytest.raises(InputError, match="vectors are 2 wide where 3 is expected"):
        linear_bridge(X, X).cross(X[:, :2])
