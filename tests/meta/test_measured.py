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
