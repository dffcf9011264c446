"""Places for a picture: neighbours stay neighbours, seeds decide, and vectors that are all equal have one place."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.vectors.shape import layout


@pytest.mark.parametrize("shape", [(30, 8), (5, 1), (6, 200)])
def test_equal_vectors_lie_in_one_place(shape):
    np.testing.assert_array_equal(layout(np.full(shape, 0.25)), np.zeros((shape[0], 2)))


def test_clouds_stay_apart_and_equal_seeds_give_equal_places():
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 2
    X = 10 * np.eye(5)[codes] + rng.normal(size=(60, 5))
    places = layout(X, seed=1)
    np.testing.assert_array_equal(layout(X, seed=1), places)
    means = np.stack([places[codes == code].mean(axis=0) for code in (0, 1)])
    distances = ((places[:, None] - means) ** 2).sum(axis=2)
    np.testing.assert_array_equal(distances.argmin(axis=1), codes)
