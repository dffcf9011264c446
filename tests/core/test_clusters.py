"""Weighted k-means: scikit-learn's means on clouds far apart, copies of rows."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from modicum.core.clusters import cluster, squared_distances


def rng(seed=0):
    return np.random.default_rng(seed)


def test_parity_with_scikit_learn():
    """On clouds far apart both find the same weighted means, so distances to the nearest centre agree."""
    local = np.random.default_rng(2)
    X = np.repeat(10 * np.eye(5), 40, axis=0) + local.normal(size=(200, 5))
    weight = local.random(200) + 0.1
    reference = KMeans(5, n_init=10, random_state=0).fit(X, sample_weight=weight)
    nearest, distance = cluster(X, 5, rng(), weight=weight)
    np.testing.assert_allclose(distance, reference.transform(X).min(axis=1) ** 2, atol=1e-6)
    assert len(set(zip(nearest.tolist(), reference.labels_.tolist(), strict=True))) == 5


def test_copies_and_more_clusters_than_distinct_rows():
    nearest, distance = cluster(np.ones((6, 2)), 4, rng())
    assert len(nearest) == 6
    assert distance.max() == 0


def test_squared_distances_by_hand():
    assert squared_distances(np.array([[3.0, 4.0]]), np.zeros((1, 2))).tolist() == [[25.0]]


def test_the_same_seed_gives_the_same_clusters_and_another_one_others():
    X = np.random.default_rng(1).normal(size=(60, 2))
    found = [cluster(X, 6, rng(seed))[0].tolist() for seed in (0, 0, 1, 2)]
    assert found[0] == found[1]
    assert found[0] not in found[2:]


def test_rows_of_no_weight_draw_no_centre():
    """Two rows that weigh, far from many that do not: each of the two is a centre, whatever is drawn."""
    X = np.concatenate([[[0.0], [1.0]], 100 + np.arange(50.0)[:, None]])
    weight = np.r_[1.0, 1.0, np.zeros(50)]
    for seed in range(10):
        nearest, distance = cluster(X, 2, rng(seed), weight=weight)
        assert distance[:2].tolist() == [0, 0]
        assert nearest[0] != nearest[1]
