"""The command line, run in this process the way the shell runs it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from modicum.cli import main


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Call `modicum ARGUMENTS` in a temporary folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["modicum", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        shown = capsys.readouterr()
        return Outcome(code, shown.out, shown.err)

    return call


THEMES = {
    "weather": ["rain", "storm", "sunshine", "cloud", "snow", "wind", "frost", "heat"],
    "food": ["soup", "bread", "cheese", "pasta", "salad", "butter", "pepper", "honey"],
    "sport": ["goal", "match", "referee", "stadium", "striker", "league", "penalty", "coach"],
}


def lines(per_class=12, labels=6):
    """CSV lines of a small table about three themes, partly labelled."""
    out = ["id,text,topic"]
    for theme, words in THEMES.items():
        for n in range(per_class):
            text = f"about {words[n % 8]} and {words[(n + 3) % 8]} with {words[(n * 5 + 1) % 8]} number {n}"
            out.append(f"{theme[0]}{n},{text},{theme if n < labels else ''}")
    return out


@pytest.fixture
def table(tmp_path):
    """A table of 36 rows, 18 labelled, as a CSV file."""
    path = tmp_path / "items.csv"
    path.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def bundle(run, table, tmp_path):
    """A bundle fitted on the table with the encoder that needs no weights."""
    folder = tmp_path / "topics"
    assert run("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed", "--out", folder).code == 0
    return folder
