"""Rows that say the same on both sides of a split: labels kept back, copies counted, the sentence, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import modicum
from modicum.core import InputError, Table
from modicum.workspace.same_texts import copies_kept_back, flattered, kept_back, same_texts

QUICK = {"budget": "20s", "map_points": 0}
WORDS = ("rain", "storm", "cloud", "frost"), ("soup", "bread", "honey", "pasta")


def world(copied=6, per_class=20):
    """A table of two themes with its vectors: the last rows are for the test, some of them copies of earlier rows."""
    rng = np.random.default_rng(0)
    codes = np.tile([0, 1], per_class)
    texts = [f"{WORDS[k][row % 4]} number {row} of {rng.integers(10**9)}" for row, k in enumerate(codes)]
    X = (np.eye(2)[codes] * 3 + rng.normal(size=(len(codes), 2))).astype(np.float32)
    test = np.arange(len(codes)) >= len(codes) // 2
    for row in range(copied):
        texts[-1 - row] = texts[row].upper() + "!"
    labels = ["ab"[k] for k in codes]
    columns = {"text": texts, "label": labels, "part": [" Test" if back else "train" for back in test]}
    return modicum.read(columns, text="text", label="label"), X


def test_labels_of_test_rows_are_kept_back():
    table, _ = world()
    back = kept_back(table, "part")
    assert back.labels == (*table.labels[:20], *(None,) * 20)
    assert back.hidden == (*(None,) * 20, *table.labels[20:])
    assert table.hidden is None


def test_fit_tells_the_copies_and_the_accuracy_without_them():
    table, X = world()
    result = modicum.fit(table, vectors=X, split="part", **QUICK)
    test = result.report["test"]
    assert test["rows"] == 20
    assert test["copies"] == [str(row) for row in range(34, 40)]
    right = np.array(["ab"[code] for code in result.predictions.codes]) == np.array(table.labels)
    assert test["accuracy"] == pytest.approx(right[20:].mean())
    assert test["accuracy_without_copies"] == pytest.approx(right[20:34].mean())
    said = next(sentence for sentence in result.report["grounds"] if "flatter" in sentence)
    assert "Of the 20 rows kept back, 6 say the same as a labelled row" in said
    assert f"on the others accuracy is {100 * right[20:34].mean():.1f} %" in said


def test_without_copies_nothing_is_said():
    table, X = world(copied=0)
    report = modicum.fit(table, vectors=X, split="part", **QUICK).report
    assert report["test"]["copies"] == []
    assert not any("flatter" in sentence for sentence in report["grounds"])


def test_numbers_are_told_the_same_way():
    table, X = world()
    numbers = replace(table, labels=tuple(f"{x:.3f}" for x in X[:, 0]))
    report = modicum.fit(numbers, vectors=X, split="part", target="number", **QUICK).report
    assert len(report["test"]["copies"]) == 6
    assert any("rows kept back, 6 say the same" in sentence for sentence in report["grounds"])


@given(st.lists(st.tuples(st.sampled_from(["one", "two", "three", "four"]), st.booleans()), min_size=1, max_size=12))
def test_a_copy_is_kept_back_and_its_twin_is_labelled(rows):
    texts, back = tuple(text for text, _ in rows), [side for _, side in rows]
    shown, hidden = (tuple("a" if side is which else None for side in back) for which in (False, True))
    table = Table(tuple(map(str, range(len(rows)))), texts, shown, hidden=hidden)
    found = copies_kept_back(table, same_texts(table)).tolist()
    known = {text for text, side in rows if not side}
    assert found == [row for row, (text, side) in enumerate(rows) if side and text in known]
    assert copies_kept_back(replace(table, hidden=None), same_texts(table)).tolist() == []


def test_the_sentence_ends_with_the_remedy():
    assert flattered([], 10, 0.5) == []
    (said,) = flattered(["7"], 10)
    assert said.startswith("Of the 10 rows kept back, 1 says the same as a labelled row, or nearly, so that figures ")
    assert "accuracy" not in said
    assert said.endswith("leave out the copies, whose ids report.json lists under test, or their labelled twins.")


def test_refusals():
    table, X = world()
    with pytest.raises(InputError, match=r"has no column 'prt' \(--split\); did you mean 'part'"):
        modicum.fit(table, vectors=X, split="prt", **QUICK)
    with pytest.raises(
        InputError, match="column 'label' of the table calls no labelled row 'test'; name another column"
    ):
        modicum.fit(table, vectors=X, split="label", **QUICK)
    strange = replace(table, labels=(*table.labels[:-1], "c"))
    with pytest.raises(InputError, match="'c' is the label of rows kept back, but of no other; label a row of it"):
        modicum.fit(strange, vectors=X, split="part", **QUICK)
