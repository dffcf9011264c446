"""Cleaning from the library: repaired labels for a fit, precomputed vectors, and what is not judged."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import LabelSpace, Table
from modicum.heads import Linear
from modicum.workspace import clean, dedup


def world(rows=90, unlabelled=0):
    """Three clouds; of every tenth row the label is wrong."""
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % 3
    X = np.eye(4)[truth] + 0.15 * rng.normal(size=(rows, 4))
    codes = np.where(np.arange(rows) % 10 == 4, (truth + 1) % 3, truth)
    names = [None if row < unlabelled else "abc"[code] for row, code in enumerate(codes)]
    texts = tuple("".join(rng.choice(list("qwertzuiopasdfghjkl "), 30)) for _ in range(rows))
    return Table(tuple(map(str, range(rows))), texts, tuple(names)), X, truth, codes


def test_known_world_every_wrong_label_is_found_and_no_other():
    table, X, truth, codes = world()
    found = clean(table, vectors=X)
    errors = [one for one in found.findings if one.kind == "error"]
    assert sorted(one.row - 1 for one in errors) == np.flatnonzero(truth != codes).tolist()
    assert all(one.suggestion == "abc"[truth[one.row - 1]] for one in errors)
    assert found.facts["wrong_labels"] == pytest.approx(0.1, abs=0.03)


def test_repaired_labels_are_for_the_next_fit_and_the_table_keeps_its_own():
    table, X, truth, _ = world()
    labels = table.labels
    found = clean(table, vectors=X)
    rows, codes, weight = found.repaired().weighted_rows()
    assert Linear().fit(X[found.rows][rows], codes, weight).score(X, truth) == 1.0
    assert table.labels is labels


def test_rows_without_a_label_are_never_accused():
    table, X, _, _ = world(unlabelled=30)
    found = clean(table, vectors=X)
    assert min(one.row for one in found.findings) > 30
    assert found.facts["labelled"] == 60


def test_too_few_labels_are_not_judged():
    table, X, _, _ = world(rows=9)
    found = clean(table, vectors=X)
    assert found.judged is None
    assert found.repaired() is None
    assert found.findings == ()


def test_a_tie_between_two_labels_suggests_none_and_a_majority_its_own():
    texts = ("the very same text", "the very same text", "another line of words", "another line of words",
             "another line of words")  # fmt: skip
    table = Table(tuple("01234"), texts, ("a", "b", "b", "b", "a"))
    found = {one.row: one for one in clean(table, vectors=np.eye(5)).findings if one.kind == "conflict"}
    assert found[1].suggestion is None
    assert found[5].suggestion == "b"
    assert found[3].suggestion is None


def test_copies_are_those_that_dedup_finds():
    """Texts of one template that differ in a number stay on one side of a split, but are no copies."""
    texts = (*(f"please look at order number {n} again" for n in range(1, 16)), "Please look at order number 3 again!")
    table = Table(tuple(map(str, range(16))), texts, ("a", "b") * 8)
    copies = [one.row - 1 for one in clean(table, vectors=np.eye(16)).findings if one.kind == "duplicate"]
    assert copies == dedup(table).copies.tolist() == [15]


def test_no_label_at_all_is_refused():
    table = Table(("0",), ("a text",), (None,))
    with pytest.raises(InputError, match="holds no label to look at"):
        clean(table, classes=LabelSpace(("a", "b")), vectors=np.eye(1))
