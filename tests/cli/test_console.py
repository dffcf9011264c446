"""What is shown is shown whole, and as it is written."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from modicum.cli.console import complain, out, print_json, print_table, tell_written

FIGURES = {"accuracy": "96.8 % ±2.8", "log-loss": "0.204", "seconds": "12.3", "s/1000": "0.015", "share": "1.00"}
ROWS = [{"recipe": name, **FIGURES} for name in ("names", "smoothed, names + shots")]


@pytest.mark.parametrize("columns", [20, 60, 80, 200])
def test_a_table_is_not_cut_on_a_narrow_screen(monkeypatch, capsys, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(ROWS, right=list(FIGURES))
    shown = capsys.readouterr().out
    assert {word for row in ROWS for cell in row.values() for word in cell.split()} <= set(shown.split())
    for name in list(FIGURES):
        assert name in shown
        assert FIGURES[name] in shown


def test_what_json_has_no_kind_for_is_text(capsys):
    print_json({"when": datetime.date(2026, 1, 31)}, one_line=True)
    assert capsys.readouterr().out == '{"when": "2026-01-31"}\n'


def test_one_row_is_told_in_the_singular(capsys):
    tell_written(1, "row", Path("a[/b].csv"))
    assert capsys.readouterr().err == "1 row written to a[/b].csv\n"


def test_brackets_in_a_heading_are_no_markup(capsys):
    print_table([{"a[/b].csv judging": "1"}])
    assert "a[/b].csv judging" in capsys.readouterr().out


def test_words_between_colons_stay_words(capsys):
    out().print("arxiv:cat:cs.CL", markup=False)
    print_table([{"source": "arxiv:cat:cs.CL [1]"}])
    complain("arxiv:cat:cs.CL [1] is not there")
    shown = capsys.readouterr()
    assert shown.out.split("\n")[0] == "arxiv:cat:cs.CL"
    assert "arxiv:cat:cs.CL [1]" in shown.out
    assert shown.err == "error: arxiv:cat:cs.CL [1] is not there\n"


def test_a_screen_without_colours_has_none(monkeypatch, capsys):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    complain("no")
    assert "\x1b[3" not in capsys.readouterr().err
