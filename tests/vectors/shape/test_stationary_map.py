"""Stationary maps: the published simplex, parity with scikit-learn, two encoders that meet, properties, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.shape import simplex_corners, stationary_map


def published_simplex(classes):
    """The d-simplex of the authors' earlier papers: the identity beside one more point, moved to its centre."""
    size = classes - 1
    corners = np.eye(size)
    corners = np.concatenate([corners, np.full((1, size), (1 - np.sqrt(1 + size)) / size)])
    return normalize_rows(corners - corners.mean(axis=0))


@pytest.mark.parametrize("classes", [2, 3, 8, 77])
def test_parity_with_the_published_simplex_up_to_rotation(classes):
    ours, theirs = simplex_corners(classes), published_simplex(classes)
    np.testing.assert_allclose(ours @ ours.T, theirs @ theirs.T, atol=1e-12)


def test_parity_with_scikit_learns_ridge():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 50)
    X = rng.normal(size=(50, 6)) + y[:, None]
    weight = 1 / np.bincount(y)[y]
    weight /= weight.sum()
    centred = X - weight @ X
    alpha = 2.0 * (weight @ centred**2).sum() / 6
    expected = Ridge(alpha, fit_intercept=True).fit(X, simplex_corners(3)[y], sample_weight=weight).coef_.T
    np.testing.assert_allclose(stationary_map(X, y, 3, ridge=2.0).weights, expected, atol=1e-9)


def test_known_world_rows_of_two_encoders_that_share_nothing_find_their_class():
    rng = np.random.default_rng(1)
    y = np.arange(200) % 5
    old, new = rng.normal(size=(5, 20)), rng.normal(size=(5, 31))
    table, queries = old[y] + 0.5 * rng.normal(size=(200, 20)), new[y] + 0.5 * rng.normal(size=(200, 31))
    before = stationary_map(table[:100], y[:100], 5)
    after = stationary_map(new[y] + 0.5 * rng.normal(size=(200, 31)), y, 5)
    nearest = (after.map(queries) @ before.map(table[100:]).T).argmax(axis=1)
    assert (y[100:][nearest] == y).mean() > 0.95


@given(st.integers(2, 40))
def test_corners_are_as_far_apart_as_can_be(classes):
    cosines = simplex_corners(classes) @ simplex_corners(classes).T
    np.testing.assert_allclose(np.diag(cosines), 1, atol=1e-12)
    np.testing.assert_allclose(cosines[~np.eye(classes, dtype=bool)], -1 / (classes - 1), atol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_how_often_a_row_is_given_and_where_zero_lies_do_not_count(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(9, 4)), np.arange(9) % 3
    twice = np.concatenate([X, X[y == 1]]), np.concatenate([y, y[y == 1]])
    one, other, moved = stationary_map(X, y, 3), stationary_map(*twice, 3), stationary_map(X + 5, y, 3)
    np.testing.assert_allclose(one.map(X), other.map(X), atol=1e-7)
    np.testing.assert_allclose(one.map(X), moved.map(X + 5), atol=1e-7)


def test_a_class_without_a_row_and_equal_rows():
    assert stationary_map(np.eye(2), [0, 1], 4).map(np.eye(2)).shape == (2, 3)
    assert not stationary_map(np.ones((3, 2)), [0, 1, 1], 2).map(np.ones((1, 2))).any()


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="a simplex has at least 2 corners, one for each class, not 1"):
        stationary_map(np.eye(2), [0, 0], 1)
    with pytest.raises(InputError, match="a map needs at least 2 rows and a ridge above 0, not 1 and 1"):
        stationary_map(np.eye(2)[:1], [0], 2)
    with pytest.raises(InputError, match=r"class codes must lie in 0\.\.1"):
        stationary_map(np.eye(2), [0, 2], 2)
