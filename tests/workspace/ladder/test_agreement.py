"""Accuracy without a held-out row: agreement of recipes, read as the bank has seen it."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import LabelSpace
from modicum.workspace.ladder.agreement import agreement
from modicum.workspace.ladder.bank import Bank, Entry
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings


def clouds(rng, classes=3, n=120, shots=1):
    """Rows around the names of their classes, `shots` of each labelled."""
    names = 3 * np.eye(classes, 8)
    codes = np.arange(n) % classes
    X = (names[codes] + rng.normal(size=(n, 8))).astype(np.float32)
    labelled = np.arange(n) < classes * shots
    return Problem(X, codes, labelled, LabelSpace(tuple("abc"[:classes])), names.astype(np.float32))


def bank_that_says(accuracy):
    return Bank(tuple(Entry(f"t{i}", f"t{i}", 3, 1.0, 0.5 + 0.1 * i, accuracy, {}, {}) for i in range(4)))


def test_agreement_counts_rows_on_which_members_follow_the_pool():
    logs = np.log(np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.8, 0.2], [0.2, 0.8]]]))
    assert agreement(logs, np.array([0.9, 0.1])) == 0.75
    assert agreement(logs[:1], np.ones(1)) == 1.0


@pytest.mark.parametrize("shots", [0, 1])
def test_confidence_on_unlabelled_rows_is_what_the_bank_expects(shots):
    problem = clouds(np.random.default_rng(0), shots=shots)
    made = make_model(problem, Settings(bank=bank_that_says(0.7)))
    proba = made.model.proba(problem.X[problem.unlabelled_rows])
    assert made.guess.mean == pytest.approx(0.7, abs=0.01)
    assert proba.max(axis=1).mean() == pytest.approx(0.7, abs=0.02)


def test_with_two_labels_a_class_held_out_rows_decide():
    problem = clouds(np.random.default_rng(0), shots=2)
    assert make_model(problem, Settings(bank=bank_that_says(0.7))).guess is None


def test_without_a_bank_nothing_is_guessed():
    assert make_model(clouds(np.random.default_rng(0)), Settings(bank=Bank())).guess is None
