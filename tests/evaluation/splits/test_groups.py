"""Merged groups are the connected components of two codings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.evaluation.splits import merge_groups

pairs = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=25).map(
    lambda rows: np.array(rows).T
)


def same(groups):
    return groups[:, None] == groups[None]


def test_known_world_a_chain_joins_all_its_links():
    assert merge_groups([0, 0, 1, 1, 2], [9, 8, 8, 7, 5]).tolist() == [0, 0, 0, 0, 1]
    assert merge_groups(["ann", "bob"], [0, 0]).tolist() == [0, 0]
    assert merge_groups([], []).tolist() == []


@given(pairs)
def test_equal_to_the_transitive_closure(codings):
    a, b = codings
    reach = same(a) | same(b)
    for _ in range(5):
        reach = (reach.astype(int) @ reach) > 0
    assert np.array_equal(same(merge_groups(a, b)), reach)


@given(pairs)
def test_the_order_of_the_two_does_not_matter_and_numbers_run_from_zero(codings):
    one, two = merge_groups(*codings), merge_groups(*codings[::-1])
    assert np.array_equal(same(one), same(two))
    assert np.array_equal(np.unique(one), np.arange(one.max() + 1))


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match=r"groups of shape \(1,\) for 2 rows"):
        merge_groups([0, 1], [0])
