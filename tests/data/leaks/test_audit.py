"""Audit of a table: copies across splits, shares that somebody made even, words that give classes away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from modicum.core import InputError
from modicum.data.leaks import audit, leaked_rows


def texts(count):
    return [f"text number {n}" for n in range(count)]


def test_parity_of_evenness_with_the_chi_square_test():
    """scipy's test gives the upper tail of the same statistic."""
    codes = np.repeat([0, 1, 2], [30, 41, 25])
    expected = 1 - chisquare([30, 41, 25]).pvalue
    assert audit(texts(96), codes, 3).evenness == pytest.approx(expected)


def test_known_world_shares_drawn_at_random_pass_and_equal_ones_do_not():
    rng = np.random.default_rng(0)
    drawn = audit(texts(2000), rng.integers(0, 20, 2000), 20)
    made = audit(texts(2000), np.arange(2000) % 20, 20)
    assert not drawn.picked
    assert made.picked
    assert made.ratio == 1.0
    assert audit(texts(12), np.repeat([0, 1], [9, 3]), 2).ratio == 3.0


def test_copies_across_splits_are_told_on_both_sides():
    found = audit(
        texts(5), np.zeros(5, int), 2, groups=[0, 1, 0, 2, 2], splits=["train", "train", "test", "test", "test"]
    )
    assert found.leaked.tolist() == [0, 2]


@given(st.integers(0, 2**32 - 1))
def test_names_of_groups_and_splits_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    groups, splits = rng.integers(0, 8, 20), rng.integers(0, 3, 20)
    first = audit(texts(20), np.zeros(20, int), 2, groups=groups, splits=splits)
    second = audit(texts(20), np.zeros(20, int), 2, groups=[f"g{9 - g}" for g in groups], splits=5 - splits)
    assert np.array_equal(first.leaked, second.leaked)


@given(st.integers(0, 2**32 - 1))
def test_one_split_leaks_nothing(seed):
    groups = np.random.default_rng(seed).integers(0, 4, 20)
    assert len(audit(texts(20), np.zeros(20, int), 2, groups=groups, splits=np.zeros(20)).leaked) == 0


def test_words_that_give_a_class_away_are_named():
    rows = [f"item {n} sent by phone" for n in range(20)] + [f"item {n} is late" for n in range(20)]
    assert "phone" in audit(rows, np.repeat([0, 1], 20), 2).shortcuts.words


def test_errors_and_an_empty_table():
    assert audit([], np.empty(0, int), 2, groups=[], splits=[]).ratio == 1.0
    with pytest.raises(InputError, match=r"splits of shape .* for 3 rows"):
        audit(texts(3), np.zeros(3, int), 2, groups=[0, 1, 2], splits=[0])


def test_rows_whose_copy_stands_in_another_split_are_named():
    assert leaked_rows([0, 0, 1, 2, 2], ["train", "test", "test", "train", "train"]).tolist() == [0, 1]
    assert leaked_rows([], []).tolist() == []
    with pytest.raises(InputError, match="give one per row"):
        leaked_rows([0, 1], ["train"])
