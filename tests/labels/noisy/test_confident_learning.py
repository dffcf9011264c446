"""Confident learning: cleanlab's answer, a world whose errors are known, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.arrays import softmax
from modicum.labels.noisy import label_issues
from tests.labels.references import world


def test_parity_with_cleanlab():
    """cleanlab 2.9.0: find_label_issues(labels, proba, filter_by="confident_learning", ranked by self_confidence)."""
    _, _, sharp, flipped = world()
    issues = label_issues(sharp, flipped)
    assert len(issues.rows) == 107
    assert issues.rows[:12].tolist() == [289, 229, 87, 148, 31, 299, 138, 216, 231, 132, 205, 159]
    assert issues.rows.sum() == 15258


def test_known_world_every_flipped_label_is_found_first():
    rng = np.random.default_rng(0)
    truth = np.arange(200) % 4
    proba = softmax(6 * np.eye(4)[truth] + 0.1 * rng.normal(size=(200, 4)))
    given_labels = truth.copy()
    given_labels[:10] = (given_labels[:10] + 1) % 4
    issues = label_issues(proba, given_labels)
    assert sorted(issues.rows) == list(range(10))
    assert np.array_equal(issues.suggested, truth[issues.rows])


@given(st.integers(0, 2**32 - 1))
def test_suspicion_is_ordered_and_never_agrees_with_the_label(seed):
    rng = np.random.default_rng(seed)
    proba, codes = rng.dirichlet(np.ones(3), size=40), rng.integers(0, 3, 40)
    issues = label_issues(proba, codes)
    assert (np.diff(issues.scores) >= 0).all()
    assert (issues.suggested != codes[issues.rows]).all()


@given(st.integers(0, 2**32 - 1))
def test_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    proba, codes, order = rng.dirichlet(np.ones(3), size=40), rng.integers(0, 3, 40), rng.permutation(40)
    assert set(order[label_issues(proba[order], codes[order]).rows]) == set(label_issues(proba, codes).rows)


def test_classes_without_a_row_are_never_suggested():
    proba = np.tile([0.1, 0.2, 0.7], (6, 1))
    assert 2 not in label_issues(proba, np.array([0, 0, 0, 1, 1, 1])).suggested


def test_errors():
    with pytest.raises(InputError, match="row 0 sums to"):
        label_issues(np.ones((2, 3)), np.array([0, 1]))
    with pytest.raises(InputError, match="3 class codes for 2 rows"):
        label_issues(np.eye(2), np.array([0, 1, 0]))
