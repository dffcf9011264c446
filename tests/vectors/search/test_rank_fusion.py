"""Rank fusion: parity with ranx, a world with a known answer, properties, edges, wording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.vectors.search import rank_fusion, ranked

NOT = -np.inf
LISTS = np.array([[3.0, 2.0, 1.5, NOT, NOT, 0.2], [0.1, 0.8, 0.9, 0.85, NOT, -0.3]])
METHODS = st.sampled_from(["ranks", "scores"])


def test_parity_with_ranx():
    """ranx 0.3.21: fuse(method="rrf", k=60), and fuse(norm="min-max", method="wsum", weights=(0.3, 0.7))."""
    ranks = [0.032018442622950824, 0.03200204813108039, 0.032266458495966696, 0.016129032258064516, NOT]
    np.testing.assert_allclose(rank_fusion(LISTS), [*ranks, 0.031009615384615385], rtol=1e-12)
    scores = [0.5333333333333333, 0.8345238095238096, 0.8392857142857142, 0.6708333333333333, NOT, 0.0]
    np.testing.assert_allclose(rank_fusion(LISTS, method="scores", weights=(0.3, 0.7)), scores, atol=1e-12)


def test_known_world_two_second_places_and_a_first_one():
    """1/(k+2) twice against 1/(k+1) and 1/(k+3): by convexity the second places lose by 2/((k+1)(k+2)(k+3))."""
    lists = np.array([[9.0, 8.0, 0.0], [0.0, 8.0, 9.0]])
    for k in (1, 60):
        fused = rank_fusion(lists, k=k)
        assert fused[0] - fused[1] == pytest.approx(2 / ((k + 1) * (k + 2) * (k + 3)))
    alone = np.array([[9.0, 8.0, NOT], [NOT, 8.0, 9.0]])
    assert ranked(rank_fusion(alone)).tolist() == [1, 0, 2]


@given(st.integers(0, 2**32 - 1), METHODS)
def test_the_order_of_rows_and_lists_does_not_matter(seed, method):
    rng = np.random.default_rng(seed)
    lists = rng.integers(0, 5, (3, 12)).astype(float)
    lists[rng.random(lists.shape) < 0.3] = NOT
    rows, order = rng.permutation(12), rng.permutation(3)
    fused = rank_fusion(lists, method=method)
    np.testing.assert_allclose(rank_fusion(lists[:, rows], method=method), fused[rows])
    np.testing.assert_allclose(rank_fusion(lists[order], method=method), fused)


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10), st.floats(-5, 5))
def test_the_scale_of_a_list_does_not_matter(seed, scale, shift):
    lists = np.random.default_rng(seed).normal(size=(2, 9))
    for method in ("ranks", "scores"):
        other = np.stack([scale * lists[0] + shift, lists[1]])
        np.testing.assert_allclose(rank_fusion(other, method=method), rank_fusion(lists, method=method), atol=1e-9)


def test_one_list_keeps_its_order_and_equal_scores_their_rank():
    fused = rank_fusion(np.array([[2.0, 5.0, 2.0, NOT]]))
    assert ranked(fused).tolist() == [1, 0, 2]
    assert fused[0] == fused[2] == 1 / 62


def test_lists_that_found_nothing_add_nothing():
    empty = np.full(4, NOT)
    own = np.array([0.4, 0.1, 0.2, NOT])
    np.testing.assert_array_equal(rank_fusion(np.stack([empty, own])), rank_fusion(own[None]))
    assert (rank_fusion(np.stack([empty, empty])) == NOT).all()
    assert rank_fusion(np.empty((2, 0))).shape == (0,)


def test_a_known_lowest_score_is_the_zero():
    fused = rank_fusion(np.array([[0.5, 1.0]]), method="scores", lowest=[0.0])
    assert fused.tolist() == [0.5, 1.0]
    equal = rank_fusion(np.array([[0.5, 0.5]]), method="scores")
    assert equal.tolist() == [1.0, 1.0]


def test_arguments_are_not_changed():
    before = LISTS.copy()
    rank_fusion(LISTS, method="scores")
    assert np.array_equal(LISTS, before)


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="method of fusion 'rank' is not known; did you mean 'ranks'"):
        rank_fusion(LISTS, method="rank")
    with pytest.raises(InputError, match="weights must be 2 numbers of at least 0, one for each list, not"):
        rank_fusion(LISTS, weights=[1.0])
    with pytest.raises(InputError, match="of at least 0"):
        rank_fusion(LISTS, weights=[1.0, -1.0])
    with pytest.raises(InputError, match="1 lowest scores for 2 lists; give one for each list, or None"):
        rank_fusion(LISTS, method="scores", lowest=[0.0])
    with pytest.raises(InputError, match="k must be above 0, not 0"):
        rank_fusion(LISTS, k=0)


class TestRanked:
    def test_ties_come_in_the_order_of_rows_also_at_the_cut(self):
        scores = np.array([1.0, 3.0, 1.0, NOT, 3.0, 1.0])
        assert ranked(scores).tolist() == [1, 4, 0, 2, 5]
        assert ranked(scores, 3).tolist() == [1, 4, 0]
        assert ranked(scores, 99).tolist() == [1, 4, 0, 2, 5]
        assert ranked(scores, 0).tolist() == []
        assert ranked(np.full(3, NOT), 2).tolist() == []

    @given(st.integers(0, 2**32 - 1), st.integers(0, 30))
    def test_a_cut_list_is_the_head_of_the_whole(self, seed, most):
        scores = np.random.default_rng(seed).integers(0, 6, 25).astype(float)
        assert ranked(scores, most).tolist() == ranked(scores)[:most].tolist()
