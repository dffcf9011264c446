"""Copies by text, and which row of a group stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.data.dedup import edited_copies, joined, kept_rows, near_duplicates, text_copies

TEXTS = ["When will my card arrive?", "my card: when will arrive", "Where is my refund", "WHERE IS MY REFUND", "", "no"]


def test_text_copies_are_what_either_way_finds():
    expected = joined(near_duplicates(TEXTS, threshold=0.95), edited_copies(TEXTS))
    assert text_copies(TEXTS).tolist() == expected.tolist() == [0, 0, 1, 1, 2, 3]


def test_joined_links_through_both():
    assert joined(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])).tolist() == [0, 0, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=20))
def test_one_row_of_each_group_stays_the_best_and_of_these_the_first(rows):
    groups, rank = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
    kept = kept_rows(groups, rank)
    assert np.array_equal(kept[kept], kept)
    assert len(np.unique(kept)) == len(np.unique(groups))
    for row, stays in enumerate(kept):
        best = [
            r for r in range(len(rows)) if groups[r] == groups[row] and rank[r] == rank[groups == groups[row]].max()
        ]
        assert stays == best[0]


def test_ranks_must_be_one_per_row():
    with pytest.raises(InputError, match=r"ranks of shape \(1,\) for 2 rows; give one per row"):
        kept_rows([0, 0], rank=[1.0])
