"""Labels made wrong on purpose: how many, and to which class."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from modicum.evaluation.bench import flip_labels, most_similar_class


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_exactly_the_share_is_wrong_and_the_argument_is_left_alone(seed, rate):
    codes = np.arange(50) % 5
    found = flip_labels(codes, 5, rate, np.random.default_rng(seed))
    assert (found != codes).sum() == round(rate * 50)
    assert np.array_equal(codes, np.arange(50) % 5)


def test_wrong_labels_go_where_they_are_sent():
    codes = np.arange(60) % 3
    found = flip_labels(codes, 3, 0.5, np.random.default_rng(0), towards=np.array([2, 0, 1]))
    wrong = found != codes
    assert np.array_equal(found[wrong], np.array([2, 0, 1])[codes[wrong]])


def test_the_most_similar_class_has_the_nearest_direction():
    X = np.array([[1.0, 0.0], [2.0, 0.3], [0.0, 1.0], [-0.2, 1.0]])
    assert most_similar_class(X, np.arange(4), 4).tolist() == [1, 0, 3, 2]
