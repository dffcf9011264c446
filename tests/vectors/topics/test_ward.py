"""Ward's tree: parity with scipy, with and without weights, and properties of cuts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.metrics import adjusted_rand_score

from modicum.vectors.topics import cut_tree, ward_tree


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 60))
def test_parity_with_scipy(seed, rows):
    X = np.random.default_rng(seed).normal(size=(rows, 3))
    ours, theirs = ward_tree(X), linkage(X, "ward")
    np.testing.assert_allclose(ours[:, 2:], theirs[:, 2:], atol=1e-9)
    for count in {1, 2, rows // 2, rows} - {0}:
        assert adjusted_rand_score(cut_tree(ours, count), fcluster(theirs, count, "maxclust")) == 1


def test_weights_are_copies():
    rng = np.random.default_rng(0)
    points, weight = rng.normal(size=(20, 4)), rng.integers(1, 6, 20)
    copies = linkage(np.repeat(points, weight, axis=0), "ward")[-19:, 2]
    np.testing.assert_allclose(ward_tree(points, weight)[:, 2], copies, atol=1e-9)


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 40))
def test_a_finer_cut_divides_the_groups_of_a_coarser_one(seed, rows):
    merges = ward_tree(np.random.default_rng(seed).normal(size=(rows, 2)))
    cuts = [cut_tree(merges, count) for count in range(1, rows + 1)]
    assert [len(np.unique(cut)) for cut in cuts] == list(range(1, rows + 1))
    for coarse, fine in pairwise(cuts):
        assert len(np.unique(np.stack([coarse, fine]), axis=1).T) == len(np.unique(fine))


def test_one_point_and_equal_points():
    assert ward_tree(np.ones((1, 3))).shape == (0, 4)
    assert cut_tree(ward_tree(np.ones((1, 3))), 1).tolist() == [0]
    assert ward_tree(np.ones((5, 3)))[:, 2].max() == pytest.approx(0)
