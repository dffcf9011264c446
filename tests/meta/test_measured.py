"""Committed figures name methods that exist, and the pages tell wins, losses and what was not measured."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import figures
import pytest

from modicum.evaluation.bench import BenchRow
from modicum.workspace.registry import method, methods

ROOT = Path(__file__).parents[2]
RESULTS = sorted((ROOT / "benchmarks").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_rows_are_of_known_methods(path):
    rows = [BenchRow(**row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]
    for row in rows:
        if row.method is not None:
            method(row.method)


@pytest.fixture
def docs():
    return runpy.run_path(str(ROOT / "tools" / "docs.py"), run_name="docs")


def row(value, baseline, where, key="heads.ClassMean"):
    return BenchRow("accuracy", where, value, "share", baseline, None, 5, 0.01, "", key, "heads.Linear", False, 0.02)


def given(docs, monkeypatch, rows):
    """Let the pages see these rows only."""
    told = {"methods": {"rows": [vars(one) for one in rows]}}
    monkeypatch.setitem(docs["measured"].__globals__, "results", lambda: told)


def test_a_page_counts_wins_and_losses_and_shows_each(docs, monkeypatch):
    given(docs, monkeypatch, [row(0.7, 0.6, "here"), row(0.5, 0.6, "there"), row(0.6, 0.6, "elsewhere")])
    told = docs["measured_section"](method("heads.ClassMean"))
    assert "- accuracy, against heads.Linear: better in 1 of 3, worse in 1, unclear in 1." in told
    assert "| here | accuracy | 0.700 ± 0.010 | 0.600 | better by 10.0 points (± 2.0) |" in told
    assert "](../measured.md)" in told


def test_the_overview_names_best_worst_and_what_is_missing(docs, monkeypatch):
    given(docs, monkeypatch, [row(0.7, 0.6, "here"), row(0.9, 0.6, "there")])
    told = docs["measured_page"]()
    assert "| 2, 0, 0 | there: better by 30.0 points (± 2.0) | nowhere |" in told
    missing = [m for m in methods() if m.key != "heads.ClassMean"]
    assert all(f"[{m.card.name}]({docs['page_link'](m)})" in told for m in missing)
    assert "Not measured yet" in docs["measured_section"](missing[0])


def test_figures_without_a_baseline_say_so(docs, monkeypatch):
    given(docs, monkeypatch, [row(0.7, None, "here")])
    found = method("heads.ClassMean")
    assert "No baseline stands beside these figures." in docs["measured_section"](found)
    assert "without a baseline" in docs["measured_page"]()


def test_tables_of_figures_have_no_empty_cell_and_notes_are_said_once():
    machine = {"cores": 2, "libraries": {"modicum": "0"}}
    taken = [("speed", "here"), ("time", "here"), ("score", "here"), ("score", "there"), ("score", "elsewhere")]
    rows = [vars(BenchRow(what, on, 0.5, "share", None, None, 1, None, "on a note")) for what, on in taken]
    page = figures.figures_page({"made-up": {"rows": rows, "machine": machine}})
    assert "| measure | here |\n|---|---|\n| speed | 0.500 |\n| time | 0.500 |" in page
    assert "| on | score |\n|---|---|\n| here | 0.500 |\n| there | 0.500 |\n| elsewhere | 0.500 |" in page
    assert "|  |" not in page
    assert page.count("on a note") == 1
    assert "- speed; time; score: on a note" in page


def page_of(*rows):
    machine = {"cores": 2, "libraries": {"modicum": "0"}}
    kept = [
        {"unit": "share", "baseline": None, "target": None, "seeds": 1, "spread": None, "note": "", **row}
        for row in rows
    ]
    return figures.figures_page({"made-up": {"rows": kept, "machine": machine}})


def test_a_baseline_is_told_unless_it_is_a_measure_of_the_same_table():
    page = page_of(
        {"measure": "plain", "on": "here", "value": 0.5, "baseline": 0.5},
        {"measure": "ours", "on": "here", "value": 0.75, "baseline": 0.5, "target": 0.7},
        {"measure": "other", "on": "here", "value": 0.25, "baseline": 0.125},
    )
    assert "| plain | 0.500 |\n| ours | 0.750 (target 0.7) |\n| other | 0.250 (baseline 0.125) |" in page
    level = page_of({"measure": "mended", "on": "here", "value": 0.5, "baseline": 0.5})
    assert "| here | 0.500 (baseline 0.5) |" in level


def test_no_figure_of_a_name_that_others_have_is_lost():
    page = page_of(
        {"measure": "recall", "on": "here", "value": 0.5, "method": "data.near_duplicates"},
        {"measure": "recall", "on": "here", "value": 0.25, "method": "data.vector_duplicates", "baseline": 0.125},
        {"measure": "precision", "on": "here", "value": 0.75, "note": "baseline: chance", "baseline": 0.1},
        {"measure": "precision", "on": "here", "value": 0.75, "note": "baseline: a list", "baseline": 0.2},
    )
    for line in (
        "| recall, near_duplicates | 0.500 |",
        "| recall, vector_duplicates | 0.250 (baseline 0.125) |",
        "| precision, against chance | 0.750 (baseline 0.1) |",
        "| precision, against a list | 0.750 (baseline 0.2) |",
    ):
        assert line in page
    assert "baseline: " not in page, "said in the name"
    with pytest.raises(ValueError, match="two figures of a benchmark have one name"):
        page_of(*({"measure": "recall", "on": "here", "value": value} for value in (0.5, 0.6)))


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"value": 0.98765, "unit": "share", "spread": 0.01}, "0.988 ± 0.010"),
        ({"value": 1.0, "unit": "share"}, "1.000"),
        (
            {"value": 54721.8, "unit": "texts/s", "baseline": 299.5, "target": 29950},
            "54,722 texts/s (baseline 299.5; target 29,950)",
        ),
        ({"value": 244.0, "unit": "ms", "spread": 64.021}, "244 ± 64 ms"),
        ({"value": 44.7, "unit": "ms"}, "44.7 ms"),
        ({"value": 1.122, "unit": "ratio"}, "1.122 ratio"),
        ({"value": 0.0, "unit": "readers", "target": 0}, "0 readers (target 0)"),
        ({"value": 28.0, "unit": ""}, "28"),
    ],
)
def test_a_figure_has_as_many_digits_as_are_read(row, told):
    assert figures.figure({"spread": None, "baseline": None, "target": None, **row}) == told
