"""Splits: what each promises, on tables with one label a class, with groups and with times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from modicum.core import InputError
from modicum.evaluation.splits import hold_out, make_splits, repeated_stratified, represented, time_ordered

seeds = st.integers(0, 2**32 - 1)
tables = st.lists(st.integers(0, 6), min_size=2, max_size=60).map(np.array)


def by_fold(splits, values):
    """Counts (folds, classes) of each value over the test sides."""
    return np.array([np.bincount(values[s.test], minlength=values.max() + 1) for s in splits])


def test_parity_of_sizes_with_stratified_k_fold():
    """Where scikit-learn accepts the table (every class has a row per fold), folds have the same sizes by class."""
    codes = np.repeat([0, 1, 2], [7, 12, 5])
    ours = by_fold(make_splits(codes, repeats=1, rng=np.random.default_rng(0)), codes)
    theirs = [np.bincount(codes[test]) for _, test in StratifiedKFold(5).split(codes, codes)]
    assert np.array_equal(np.sort(ours, axis=0), np.sort(theirs, axis=0))


@given(tables, seeds, st.integers(2, 8), st.integers(1, 3))
def test_stratified_promises(codes, seed, folds, repeats):
    splits = repeated_stratified(codes, folds, repeats, np.random.default_rng(seed))
    count = min(folds, len(codes))
    assert len(splits) == count * repeats
    for start in range(0, len(splits), count):
        one = splits[start : start + count]
        assert np.array_equal(np.sort(np.concatenate([s.test for s in one])), np.arange(len(codes)))
        counts = by_fold(one, codes)
        assert (np.ptp(counts, axis=0) <= 1).all()
        assert np.ptp(counts.sum(axis=1)) <= 1
    for split in splits:
        assert np.array_equal(np.sort(np.concatenate([split.train, split.test])), np.arange(len(codes)))
        assert len(split.train)
        assert (np.diff(split.train) > 0).all()
        assert (np.diff(split.test) > 0).all()


def test_one_label_a_class_is_unseen_exactly_when_it_judges():
    codes = np.array([0, 1, 2, 3, 3])
    splits = make_splits(codes, folds=3, repeats=4, rng=np.random.default_rng(1))
    for repeat in range(4):
        one = splits[3 * repeat : 3 * repeat + 3]
        seen = np.empty(5, dtype=bool)
        for split in one:
            seen[split.test] = represented(codes, split)
        assert seen.tolist() == [False, False, False, True, True]


@given(tables, seeds, st.integers(2, 6))
def test_no_group_stands_on_both_sides_and_no_fold_is_empty(codes, seed, folds):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, len(codes), len(codes))
    groups[:2] = [0, 1]
    splits = repeated_stratified(codes, folds, 1, rng, groups=groups)
    assert len(splits) == min(folds, len(np.unique(groups)))
    assert np.array_equal(np.sort(np.concatenate([s.test for s in splits])), np.arange(len(codes)))
    for split in splits:
        assert len(split.test)
        assert not np.isin(groups[split.train], groups[split.test]).any()


@given(seeds, st.integers(2, 6))
def test_groups_of_one_class_are_stratified_within_the_largest_group(seed, folds):
    rng = np.random.default_rng(seed)
    sizes, kinds = rng.integers(1, 5, 40), rng.integers(0, 3, 40)
    groups, codes = np.repeat(np.arange(40), sizes), np.repeat(kinds, sizes)
    counts = by_fold(repeated_stratified(codes, folds, 1, rng, groups=groups), codes)
    assert (np.ptp(counts, axis=0) <= sizes.max()).all()


def test_single_rows_fill_what_a_large_group_left_uneven():
    codes, groups = np.zeros(12, dtype=int), np.array([0, 0, 0, 0, *range(1, 9)])
    sizes = [len(s.test) for s in repeated_stratified(codes, 3, 1, np.random.default_rng(0), groups=groups)]
    assert sizes == [4, 4, 4]


def test_the_same_generator_gives_the_same_splits_and_repeats_differ():
    codes = np.arange(40) % 4
    first, second = (make_splits(codes, rng=np.random.default_rng(3)) for _ in range(2))
    assert len(first) == 10
    assert all(np.array_equal(a.test, b.test) for a, b in zip(first, second, strict=True))
    assert any(not np.array_equal(a.test, b.test) for a, b in zip(first[:5], first[5:], strict=True))


def test_known_world_every_row_is_as_likely_in_every_fold():
    codes, rng = np.array([0, 0, 0, 1]), np.random.default_rng(4)
    hits = np.zeros((2, 4))
    for _ in range(2_000):
        for k, split in enumerate(make_splits(codes, folds=2, repeats=1, rng=rng)):
            hits[k, split.test] += 1
    np.testing.assert_allclose(hits / 2_000, 0.5, atol=0.05)


@given(seeds, st.integers(2, 8))
def test_time_trains_on_the_past_only_and_keeps_ties_together(seed, folds):
    times = np.random.default_rng(seed).integers(0, 12, 50).astype(float)
    splits = time_ordered(times, folds)
    assert 1 <= len(splits) <= folds
    for split in splits:
        assert times[split.train].max() < times[split.test].min()
    judged = np.concatenate([s.test for s in splits])
    assert np.array_equal(np.sort(np.concatenate([splits[0].train, judged])), np.arange(50))


def test_time_by_hand_and_the_chooser():
    """Three blocks of two rows each; the tied rows at time 2 lie across the first edge, their middle behind it."""
    times = np.array([5.0, 1, 2, 2, 3, 4])
    splits = make_splits(np.zeros(6, dtype=int), times=times, folds=2, rng=np.random.default_rng(0))
    assert [(s.train.tolist(), s.test.tolist()) for s in splits] == [([1], [2, 3, 4]), ([1, 2, 3, 4], [0, 5])]


def test_time_keeps_groups_apart_by_forgetting_the_earlier_rows():
    times, groups = np.arange(4.0), np.array([0, 1, 0, 2])
    splits = make_splits(np.zeros(4, dtype=int), groups=groups, times=times, folds=3, rng=np.random.default_rng(0))
    assert [(s.train.tolist(), s.test.tolist()) for s in splits] == [([0], [1]), ([1], [2]), ([0, 1, 2], [3])]
    with pytest.raises(InputError, match="shares a group with it"):
        make_splits(
            np.zeros(2, dtype=int), groups=np.zeros(2, dtype=int), times=times[:2], rng=np.random.default_rng(0)
        )


@given(st.floats(0.01, 0.99), seeds)
def test_hold_out_sets_about_the_fraction_aside_by_class(fraction, seed):
    codes = np.repeat([0, 1, 2], [300, 200, 100])
    split = hold_out(codes, fraction, np.random.default_rng(seed))
    assert len(split.train) + len(split.test) == 600
    np.testing.assert_allclose(np.bincount(codes[split.test]) / [300, 200, 100], fraction, atol=0.06)


def test_hold_out_hits_plain_fractions_and_keeps_both_sides():
    rng, codes = np.random.default_rng(0), np.zeros(100, dtype=int)
    assert [len(hold_out(codes, f, rng).test) for f in (0.1, 0.2, 0.3, 0.4, 0.5, 0.75)] == [10, 20, 30, 40, 50, 75]
    assert [len(hold_out(codes[:2], f, rng).test) for f in (0.01, 0.99)] == [1, 1]
    groups = np.repeat(np.arange(10), 10)
    split = hold_out(codes, 0.2, rng, groups=groups)
    assert not np.isin(groups[split.train], groups[split.test]).any()


def test_errors_name_what_is_wrong():
    rng = np.random.default_rng(0)
    with pytest.raises(
        InputError, match="1 labelled row in 1 group cannot be split; label rows of at least two groups"
    ):
        make_splits(np.array([0]), rng=rng)
    with pytest.raises(InputError, match="0 labelled rows in 0 groups"):
        make_splits(np.array([], dtype=int), rng=rng)
    with pytest.raises(InputError, match="3 labelled rows in 1 group cannot be split"):
        make_splits(np.array([0, 1, 1]), groups=np.zeros(3, dtype=int), rng=rng)
    with pytest.raises(InputError, match=r"groups of shape \(2,\) for 3 rows"):
        make_splits(np.array([0, 1, 1]), groups=np.zeros(2, dtype=int), rng=rng)
    with pytest.raises(InputError, match="folds must be at least 2, not 1"):
        make_splits(np.array([0, 1]), folds=1, rng=rng)
    with pytest.raises(InputError, match="2 times for 3 rows"):
        make_splits(np.array([0, 1, 1]), times=np.arange(2.0), rng=rng)
    with pytest.raises(InputError, match="all labelled rows have the same time"):
        time_ordered(np.ones(3), 2)
    with pytest.raises(InputError, match="labelled row 1 has no time"):
        time_ordered(np.array([0.0, np.nan]), 2)
    with pytest.raises(InputError, match="fraction must lie strictly between 0 and 1"):
        hold_out(np.array([0, 1]), 1.0, rng)
