"""S3A: the vote by hand, a world whose names are known among many others, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.labels.names import s3a


def world(seed, classes=4, vocabulary=60, rows=200, width=24):
    """Rows around the vectors of some names; the others are distractors."""
    rng = np.random.default_rng(seed)
    names = normalize_rows(rng.normal(size=(vocabulary, width)))
    true = np.sort(rng.choice(vocabulary, classes, replace=False))
    y = true[np.arange(rows) % classes]
    return names[y] + 0.18 * rng.normal(size=(rows, width)), names, y, true


def test_known_world_the_true_names_are_found_and_given():
    for seed in range(3):
        X, names, y, true = world(seed)
        found = s3a(X, names, 4)
        assert found.names.tolist() == true.tolist()
        assert (found.codes == y).mean() > 0.95


def test_parity_of_the_vote_with_counting_by_hand():
    """Six rows in two far clusters: four of them are nearest to name 0 or 2, the strays must not decide."""
    X = np.array([[1.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.6, 0.7, 0.0], [0.0, 0.0, 1.0], [0.0, 0.1, 1.0], [0.0, 0.2, 1.0]])
    assert s3a(X, np.eye(3), 2, top=1).names.tolist() == [0, 2]


def test_one_row_alone_is_named_worse_than_with_its_cluster():
    X, names, y, _ = world(5)
    centred = normalize_rows(X - X.mean(axis=0)) @ normalize_rows(names - names.mean(axis=0)).T
    assert (s3a(X, names, 4).codes == y).mean() > (centred.argmax(axis=1) == y).mean() + 0.02


def test_rivals_are_handed_to_the_function_that_describes_them():
    X, names, _, true = world(1)
    asked = []

    def describe(rivals):
        asked.append(rivals)
        return names[rivals]

    assert s3a(X, names, 4, describe=describe).names.tolist() == true.tolist()
    assert len(asked) == 4


@settings(max_examples=8)
@given(st.integers(0, 2**16))
def test_probabilities_add_up_and_names_are_of_the_vocabulary(seed):
    X, names, _, _ = world(seed, rows=40, vocabulary=10)
    found = s3a(X, names, 5)
    np.testing.assert_allclose(found.proba.sum(axis=1), 1, atol=1e-9)
    assert 1 <= len(found.names) <= 5
    assert set(found.codes) <= set(found.names)


@settings(max_examples=8)
@given(st.integers(0, 2**16))
def test_twice_gives_the_same(seed):
    X, names, _, _ = world(seed, rows=40, vocabulary=10)
    first, second = (s3a(X, names, 3, random_state=1) for _ in range(2))
    assert np.array_equal(first.proba, second.proba)


def test_one_cluster_has_one_name():
    X, names, _, _ = world(2)
    found = s3a(X, names, 1)
    assert found.proba.shape == (200, 1)
    assert (found.proba == 1).all()


def test_errors():
    with pytest.raises(InputError, match="5 clusters and 3 names a cluster from 4 rows"):
        s3a(np.eye(4), np.eye(4), 5)
    with pytest.raises(InputError, match="vectors are 3 wide where 4 is expected"):
        s3a(np.eye(3), np.eye(4), 2)
