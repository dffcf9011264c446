"""PCB: counts are evened out, proposals kept in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.labels.active import balanced_query, uncertainty_query


def ask(proba, labelled, budget, **settings):
    return balanced_query(np.zeros((len(proba), 1)), proba, labelled, budget, np.random.default_rng(0), **settings)


def test_parity_with_the_query_that_proposes_where_all_are_guessed_alike():
    proba = np.random.default_rng(1).uniform(0.5, 1, size=40)
    proba = np.stack([proba, 1 - proba], axis=1)
    nothing = np.zeros(40, bool)
    expected = uncertainty_query(np.zeros((40, 1)), proba, nothing, 9, np.random.default_rng(0))
    assert ask(proba, nothing, 9).tolist() == expected.tolist()


def test_known_world_the_class_without_labels_comes_first():
    """Labels so far 3, 1, 0; four more go to classes 2, then 1 and 2, then the lowest of 3, 2, 2."""
    guessed = np.repeat([0, 1, 2], 20)
    proba = 0.1 + 0.7 * np.eye(3)[guessed]
    chosen = ask(proba, np.zeros(60, bool), 3, counts=np.array([3, 1, 0]), prefilter=20)
    assert sorted(guessed[chosen].tolist()) == [1, 2, 2]


@given(st.integers(0, 2**32 - 1))
def test_counts_never_differ_by_more_than_one_while_there_are_candidates(seed):
    guessed = np.random.default_rng(seed).permutation(np.repeat(np.arange(4), 10))
    chosen = ask(0.1 + 0.6 * np.eye(4)[guessed], np.zeros(40, bool), 10)
    counts = np.bincount(guessed[chosen], minlength=4)
    assert counts.max() - counts.min() <= 1


@given(st.integers(0, 2**32 - 1))
def test_labelled_rows_count_under_the_class_the_model_gives_them(seed):
    local = np.random.default_rng(seed)
    proba, labelled = local.dirichlet(np.ones(3), size=40), local.random(40) < 0.3
    counts = np.bincount(proba.argmax(axis=1)[labelled], minlength=3)
    assert ask(proba, labelled, 6).tolist() == ask(proba, labelled, 6, counts=counts).tolist()


def test_errors():
    proba = np.full((4, 2), 0.5)
    with pytest.raises(InputError, match="3 counts for 2 classes; give one per class"):
        ask(proba, np.zeros(4, bool), 1, counts=np.zeros(3, int))
    with pytest.raises(InputError, match="prefilter must be at least 1, not 0"):
        ask(proba, np.zeros(4, bool), 1, prefilter=0)
