"""Label-set operations: the authors' operators on coordinates, an additive world where they are exact, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.partial import combine_labels, label_set_operations

ALL = ("union", "intersection", "difference")


def rng():
    return np.random.default_rng(0)


def additive(seed, rows=40, labels=4, width=9, noise=0.0):
    """Each label adds its own vector, none of them at right angles, to one that all rows share."""
    local = np.random.default_rng(seed)
    Y = np.concatenate([np.eye(labels, dtype=int), local.integers(0, 2, (rows - labels, labels))])
    own, shared = local.normal(size=(labels, width)), local.normal(size=width)
    return Y @ own + shared + noise * local.normal(size=(rows, width)), Y, own, shared


def test_parity_with_the_authors_operations():
    """Labels by setops_funcs.py, vectors by SetOpsAEModule with identities for its encoder and decoder.

    From github.com/leokarlin/LaSO (commit eea81de). The module adds for the union, where the paper's analytic baseline
    takes the maximum: 0.5, 1.0, 3.0, 0.0 by hand.
    """
    X, Y = np.array([[0.5, -1.0, 2.0, 0.0], [0.25, 1.0, 3.0, -2.0]]), np.array([[1, 1, 0, 0], [0, 1, 0, 1]])
    vectors = {
        "union": [[0.5, 1.0, 3.0, 0.0]],
        "intersection": [[0.25, -1.0, 2.0, -2.0]],
        "difference": [[0.25, 0.0, 0.0, 2.0], [0.0, 2.0, 1.0, 0.0]],
    }
    sets = {"union": [[1, 1, 0, 1]], "intersection": [[0, 1, 0, 0]], "difference": [[1, 0, 0, 0], [0, 0, 0, 1]]}
    for operation in ALL:
        Z, L = label_set_operations(X, Y, count=20, rng=rng(), operations=[operation], by="coordinates", unit=False)
        assert {(*z, *labels) for z, labels in zip(Z.tolist(), L.tolist(), strict=True)} == {
            (*z, *labels) for z, labels in zip(vectors[operation], sets[operation] * 2, strict=False)
        }


@pytest.mark.parametrize("operation", ALL)
def test_known_world_rows_are_exactly_those_of_their_label_set(operation):
    """Where labels add vectors and nothing else varies, the made row is the row that has the made labels."""
    X, Y, own, shared = additive(0)
    Z, L = label_set_operations(X, Y, count=30, rng=rng(), operations=[operation], penalty=1e-9, unit=False)
    assert len(Z) == 30
    np.testing.assert_allclose(Z, L @ own + shared, atol=1e-6)


def test_known_world_the_union_of_rows_without_a_common_label_is_their_sum():
    X = np.diag([1.0, 2.0, 3.0])
    Z, L = label_set_operations(X, np.eye(3), count=9, rng=rng(), by="coordinates", unit=False)
    np.testing.assert_allclose(Z, L @ X)
    assert (L.sum(axis=1) == 2).all()


def test_what_is_not_in_the_labels_is_the_mean_of_the_pair():
    X, Y = np.array([[1.0, 5.0], [2.0, 7.0]]), np.array([[1, 0], [1, 0]])
    Z, _ = label_set_operations(X, Y, count=4, rng=rng(), operations=ALL[:2], unit=False)
    np.testing.assert_allclose(Z, [[1.5, 6.0]] * 8)


@given(st.integers(0, 2**32 - 1), st.sampled_from(ALL), st.sampled_from(["labels", "coordinates"]))
def test_results_have_labels_and_length_one(seed, operation, by):
    X, Y, _, _ = additive(seed, noise=0.5)
    Z, L = label_set_operations(X, Y, count=15, rng=rng(), operations=[operation], by=by)
    assert L.any(axis=1).all()
    assert set(map(tuple, L)) <= {tuple(combine_labels(a, b, operation)) for a in Y for b in Y}
    np.testing.assert_allclose(np.linalg.norm(Z, axis=1), 1)


@given(st.integers(0, 2**32 - 1))
def test_sets_obey_their_algebra(seed):
    A, B = np.random.default_rng(seed).integers(0, 2, (2, 10, 4))
    union, common, left, right = (
        combine_labels(*pair)
        for pair in ((A, B, "union"), (A, B, "intersection"), (A, B, "difference"), (B, A, "difference"))
    )
    assert np.array_equal(left + common, A)
    assert np.array_equal(left + common + right, union)


def test_pairs_without_a_result_give_no_row():
    """Rows that share no label have no intersection, and rows of the same labels no difference."""
    X = np.eye(3)
    for Y, operation in ((np.eye(3), "intersection"), (np.ones((3, 2)), "difference")):
        Z, L = label_set_operations(X, Y, count=5, rng=rng(), operations=[operation])
        assert Z.shape == (0, 3)
        assert len(L) == 0


def test_errors():
    X, Y = np.eye(2), np.eye(2, dtype=int)
    with pytest.raises(InputError, match="operation 'unions' is not known; did you mean 'union'"):
        label_set_operations(X, Y, count=1, rng=rng(), operations=["unions"])
    with pytest.raises(InputError, match="by 'label' is not known; did you mean 'labels'"):
        label_set_operations(X, Y, count=1, rng=rng(), by="label")
    with pytest.raises(InputError, match="labels must be an indicator matrix of 0 and 1"):
        label_set_operations(X, 2 * Y, count=1, rng=rng())
    with pytest.raises(InputError, match="rows are made from pairs; give at least two rows"):
        label_set_operations(X[:1], Y[:1], count=1, rng=rng())
    with pytest.raises(InputError, match="count must be at least 0, not -1"):
        label_set_operations(X, Y, count=-1, rng=rng())
    with pytest.raises(InputError, match="penalty must be above 0, not 0"):
        label_set_operations(X, Y, count=1, rng=rng(), penalty=0)
    with pytest.raises(InputError, match="operation 'without' is not known"):
        combine_labels(Y, Y, "without")
