"""The docs are true: their code runs, their commands and make targets exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from modicum.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ modicum (.+?)(?: [|>].*)?$", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z]+)(?=\W*(?:`|#|$))", re.MULTILINE)


def pages_with(pattern):
    found = [page for page in PAGES if pattern.search(page.read_text(encoding="utf-8"))]
    assert found, pattern
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in found]


@pytest.mark.parametrize("page", pages_with(PYTHON))
def test_code_runs(page, tmp_path, monkeypatch):
    """One namespace and one empty folder per page; an error names the page and its line."""
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    names = {}
    for block in PYTHON.finditer(text):
        above = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(above + block[1], str(page), "exec"), names)


@pytest.mark.parametrize("page", pages_with(COMMAND))
def test_commands_would_be_understood(page):
    """Parsed as the shell would hand them over; the parser raises where a verb or option does not exist."""
    verbs = typer.main.get_group(app).commands
    for line in COMMAND.findall(page.read_text(encoding="utf-8")):
        verb, *arguments = shlex.split(line, comments=True)
        verbs[verb].make_context(verb, arguments)


@pytest.mark.parametrize("page", pages_with(TARGET))
def test_make_targets_exist(page):
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(TARGET.findall(page.read_text(encoding="utf-8"))) <= set(known)
