"""Labelling instructions: scikit-learn's average precision, a world with a known best phrase, properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from modicum.core import InputError
from modicum.core.arrays import normalize_rows
from modicum.labels.names import labelling_instruction
from modicum.labels.names.labelling_instruction import average_precisions


def world(seed, rows=90, classes=3, width=8, spread=0.4):
    rng = np.random.default_rng(seed)
    codes = np.arange(rows) % classes
    return np.eye(width)[codes] + spread * rng.normal(size=(rows, width)), codes


@given(st.integers(0, 2**32 - 1))
def test_parity_of_average_precision_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    scores, member = rng.normal(size=(30, 4)), rng.random(30) < 0.3
    member[0] = True
    expected = [average_precision_score(member, column) for column in scores.T]
    np.testing.assert_allclose(average_precisions(scores, member), expected)


def test_known_world_the_phrase_of_the_class_is_chosen_and_three_rows_find_it():
    X, codes = world(0)
    found = labelling_instruction(X, codes, 3, phrases=np.eye(8))
    assert [one.phrase for one in found] == [0, 1, 2]
    for one in found:
        assert one.phrase == one.code
        assert (codes[one.rows] == one.code).all()
        assert one.precision > 0.9


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_more_exemplars_never_find_less_on_the_way(seed):
    X, codes = world(seed, rows=30)
    few, many = (labelling_instruction(X, codes, 3, exemplars=count) for count in (1, 4))
    for one, other in zip(few, many, strict=True):
        assert other.precision >= one.precision
        assert other.rows[0] == one.rows[0]
        assert one.phrase is None


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_precision_is_that_of_the_rows_shown(seed):
    X, codes = world(seed, rows=30)
    unit = normalize_rows(X - X.mean(axis=0))
    found = labelling_instruction(X, codes, 3)
    assert [one.code for one in found] == [0, 1, 2]
    for one in found:
        scores = unit @ unit[one.rows].sum(axis=0)
        assert average_precision_score(codes == one.code, scores) == pytest.approx(one.precision)


def test_classes_without_a_row_have_no_instruction():
    X, codes = world(1)
    assert [one.code for one in labelling_instruction(X, codes, 5)] == [0, 1, 2]
    assert labelling_instruction(np.empty((0, 2)), np.empty(0, int), 2) == []


def test_errors():
    with pytest.raises(InputError, match="give 1 at least"):
        labelling_instruction(np.eye(2), np.array([0, 1]), 2, exemplars=0)
    with pytest.raises(InputError, match="phrase vectors are 3 wide where 2 is expected"):
        labelling_instruction(np.eye(2), np.array([0, 1]), 2, phrases=np.eye(3))
