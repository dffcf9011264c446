"""Planted copies: what each way does to a text, and scores by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.evaluation.bench import CopyScores, copy_scores, plant_copies
from modicum.evaluation.bench.planted import WAYS

TEXT = "when will my new card arrive"


@given(st.integers(0, 2**32 - 1))
def test_each_way_does_what_it_says(seed):
    rng = np.random.default_rng(seed)
    assert WAYS["case"](TEXT, rng).lower() == TEXT
    assert sorted(WAYS["word order"](TEXT, rng).split()) == sorted(TEXT.split())
    cut = WAYS["end cut off"](TEXT, rng)
    assert TEXT.startswith(cut)
    assert 0.7 < len(cut) / len(TEXT) < 0.95
    assert abs(len(WAYS["typos"](TEXT, rng)) - len(TEXT)) <= 2
    assert WAYS["typos"]("1 2", rng) == "1 2"


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 1))
def test_rows_are_distinct_and_ways_take_turns(seed, share):
    rows, copies, ways = plant_copies([TEXT] * 40, share, np.random.default_rng(seed))
    assert len(rows) == len(copies) == len(ways) == round(share * 40)
    assert len(set(rows.tolist())) == len(rows)
    assert ways == [list(WAYS)[k % 4] for k in range(len(rows))]


def test_scores_by_hand():
    """Rows 0 and 1 are the same text; the copies of 0 and 2 stand with rows 0, 1 and 3."""
    exact, rows = np.array([0, 0, 2, 3]), np.array([0, 2])
    groups = np.array([0, 0, 1, 0, 0, 0])
    # Pairs with a copy: 4-0, 4-1, 4-3, 4-5, 5-0, 5-1, 5-3; right are the first two. Own: 0-3 and 1-3; 0-1 is the same.
    assert copy_scores(groups, rows, exact) == CopyScores(0.5, pytest.approx(2 / 7), 2, pytest.approx(2 / 9))
    assert copy_scores(np.arange(6), rows, exact) == CopyScores(0.0, 0.0, 0, 0.0)
