"""What a report lists, and how much of it there is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import modicum
from modicum.core import LabelSpace, Table
from modicum.core.records import ImageFile
from modicum.workspace.findings import (
    accuracy_under,
    calibration,
    conflicting,
    data_facts,
    found_shortcuts,
    label_errors,
    next_to_label,
    shift_facts,
    shown,
)
from modicum.workspace.ladder.held_out import HeldOut
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.same_texts import SameTexts

AB = LabelSpace(("a", "b"))


def problem(labels, width=2):
    """Rows in a row: the further, the likelier of class b."""
    codes, labelled = AB.encode(labels)
    X = np.column_stack([np.linspace(1, 0, len(labels)), np.linspace(0, 1, len(labels))])
    return Problem(X, codes, labelled, AB, None)


def test_groups_of_clashing_labels_are_all_counted_and_the_first_listed():
    table = modicum.read(
        {"text": [f"text {n // 2}" for n in range(40)], "label": ["a", "b"] * 20}, text="text", label="label"
    )
    groups = np.arange(40) // 2
    listed, found = conflicting(table, SameTexts(groups, groups), top=15)
    assert (len(listed), found) == (15, 20)
    assert listed[1] == {"ids": list(table.ids[2:4]), "texts": ["text 1"] * 2, "labels": ["a", "b"]}


def test_copies_are_counted_as_equal_and_as_nearly_equal():
    labels = ("a", "b", "b", None, None, None)
    table = Table(tuple("uvwxyz"), ("one", "one", "two", "two!", "three", "four"), labels, source="t.csv")
    same = SameTexts(np.array([0, 0, 1, 2, 3, 4]), np.array([0, 0, 1, 1, 2, 3]))
    assert data_facts(table, AB, same) == {
        "source": "t.csv",
        "kind": "texts",
        "text_column": "text",
        "rows": 6,
        "labelled": 3,
        "classes": 2,
        "class_counts": {"a": 1, "b": 2},
        "duplicates": 1,
        "near_duplicates": 2,
        "conflicts": ["u", "v"],
    }


def test_images_are_told_as_such_and_hold_no_words(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    images = (ImageFile(str(tmp_path / "x")),) * 4
    table = Table(tuple("uvwx"), tuple("uvwx"), ("a", "b", "a", "b"), images=images)
    assert data_facts(table, AB, SameTexts(np.arange(4), np.arange(4)))["kind"] == "images"
    assert found_shortcuts(table, problem(table.labels)) is None
    assert found_shortcuts(Table(table.ids, ("cat",) * 4, table.labels), problem(table.labels)) == []


def test_a_text_is_shown_up_to_300_letters():
    assert shown("x" * 300) == "x" * 300
    assert shown("x" * 301) == "x" * 299 + "…"


def test_calibration_is_told_in_tenths_before_and_after():
    before, after = ([[p, 1 - p] for p in shares] for shares in ((0.71, 0.71, 0.79, 0.79), (0.75,) * 4))
    codes = np.array([0, 0, 0, 1])
    found = HeldOut(np.arange(4), codes, np.array(before), 1.5, np.ones(4, dtype=bool))
    told = calibration(found, np.array(after))
    assert told["temperature"] == 1.5
    assert told["ece"] == pytest.approx({"before": 0.0, "after": 0.0})
    assert [(row["count"], row["accuracy"]) for row in told["reliability"]["before"]] == [(4, 0.75)]
    assert told["reliability"]["after"][0]["confidence"] == pytest.approx(0.75)
    worse = calibration(found, np.array([[0.95, 0.05]] * 4))
    assert worse["ece"]["after"] == pytest.approx(0.2)


def test_doubted_labels_are_listed_in_their_order_up_to_a_number():
    rows = np.arange(100, 400)
    ids = tuple(f"r{row}" for row in range(400))
    table = Table(ids, ids, (None,) * 400)
    codes, suggested = np.zeros(300, dtype=int), np.ones(300, dtype=int)
    judged = SimpleNamespace(suspects=np.arange(250)[::-1], suggested=suggested, values=np.linspace(0, 1, 300))
    doubted = SimpleNamespace(rows=rows, codes=codes, judged=judged)
    found = label_errors(doubted, table, AB)
    assert len(found) == 200
    assert found[0] == {"id": "r349", "text": "r349", "label": "a", "suggested": "b", "score": judged.values[249]}
    assert len(label_errors(doubted, table, AB, top=3)) == 3
    assert label_errors(None, table, AB) == []


def test_shares_that_were_not_estimated_are_not_told():
    assert shift_facts(None, AB, corrected=False) is None


def test_accuracy_under_other_shares_weighs_recall_by_them():
    rows = [
        {"name": name, "recall": recall, "labelled": n}
        for name, recall, n in (("a", 1.0, 5), ("b", 0.5, 5), ("c", 0, 0))
    ]
    assert accuracy_under({"a": 0.6, "b": 0.2, "c": 0.2}, rows) == pytest.approx((0.6 + 0.1) / 0.8)
    assert accuracy_under({"a": 0.0, "b": 0.0, "c": 1.0}, rows) is None


def test_rows_to_label_next_are_those_between_two_classes():
    labels = ("a", *(None,) * 7, "b")
    told = problem(labels)
    proba = np.column_stack([np.linspace(0.9, 0.1, 9), np.linspace(0.1, 0.9, 9)])
    table = Table(tuple("abcdefghi"), tuple("ABCDEFGHI"), labels, test=np.arange(9) == 3)
    found = next_to_label(told, SimpleNamespace(probabilities=proba), table, np.random.default_rng(0), budget=2)
    assert len(found) == 2
    assert "d" not in {row["id"] for row in found}
    for row in found:
        place = table.ids.index(row["id"])
        first, second = ("a", "b") if proba[place, 0] > proba[place, 1] else ("b", "a")
        assert (row["prediction"], row["text"]) == (first, row["id"].upper())
        assert row["probability"] == proba[place].max()
        assert row["reason"] == f"torn between {first} and {second}"
    every = next_to_label(told, SimpleNamespace(probabilities=proba), table, np.random.default_rng(0))
    assert {row["id"] for row in every} == set("bcefgh")
