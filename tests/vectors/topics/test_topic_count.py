"""Number of topics: parity with scipy and scikit-learn, worlds whose number is known, no structure, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.neighbors import NearestCentroid

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.vectors.topics import topic_count


def world(topics, rows, spread, seed=0, width=60):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(topics, width))
    codes = rng.integers(0, topics, rows)
    return centres[codes] + spread * rng.normal(size=(rows, width)), codes


def test_parity_with_scipy_and_scikit_learn():
    """The same halves by linkage, nearest centroids and adjusted mutual information of the two libraries."""
    X = normalize_rows(world(6, 300, 1.5)[0])
    counts = np.array([3, 6, 12])
    found = topic_count(X, np.random.default_rng(4), counts=counts)
    rng, expected = np.random.default_rng(4), np.zeros((3, 3))
    for split in range(3):
        drawn = rng.permutation(300)
        halves = [X[np.sort(part)] for part in (drawn[:150], drawn[150:])]
        for place, count in enumerate(counts):
            told = []
            for half in halves:
                codes = fcluster(linkage(half, "ward"), count, "maxclust")
                means = normalize_rows(NearestCentroid().fit(half, codes).centroids_)
                told.append((halves[1] @ means.T).argmax(axis=1))
            expected[split, place] = adjusted_mutual_info_score(*told)
    np.testing.assert_allclose(found.agreement, expected.mean(axis=0), atol=1e-9)


@pytest.mark.parametrize(("topics", "rows"), [(3, 120), (12, 600), (30, 1000)])
def test_known_worlds(topics, rows):
    found = topic_count(world(topics, rows, 0.6)[0], np.random.default_rng(0))
    assert topics / 1.25 <= found.count <= topics * 1.25
    assert found.agreement.max() > 0.9


def test_no_structure_is_one_topic():
    found = topic_count(np.random.default_rng(0).normal(size=(800, 30)), np.random.default_rng(0))
    assert found.count == 1
    assert found.agreement.max() < 0.2


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1), length=st.floats(0.1, 100))
def test_lengths_do_not_count_and_the_same_seed_gives_the_same(seed, length):
    X, _ = world(5, 100, 0.8, seed=seed, width=8)
    scaled = X * (1 + length * np.random.default_rng(seed).random((100, 1)))
    first, second = (topic_count(rows, np.random.default_rng(1)) for rows in (X, scaled))
    np.testing.assert_allclose(first.agreement, second.agreement, atol=1e-9)
    assert first.count == second.count <= 10


def test_edges():
    rng = np.random.default_rng(0)
    assert topic_count(np.eye(19), rng).count == 1
    assert topic_count(np.ones((50, 3)), rng).count == 1
    assert topic_count(world(6, 300, 0.3)[0], rng, most=3).counts.max() == 3
    with pytest.raises(InputError, match="there must be at least 1 topic, not 0"):
        topic_count(np.ones((50, 3)), rng, most=0)
    with pytest.raises(InputError, match="row 1 holds NaN"):
        topic_count(np.array([[1.0], [np.nan]]), rng)
