"""The docs are true: their code runs, their commands and make targets exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import links
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


def test_links_and_anchors_lead_somewhere():
    assert list(links.broken_links()) == []


def test_broken_links_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "ROOT", tmp_path)
    (tmp_path / "there.md").write_text("# A *title*, told\n\n# Twice\n\n# Twice\n", encoding="utf-8")
    good = "[a](there.md) [b](there.md#a-title-told) [c](there.md#twice-1) [d](https://elsewhere/x#y)"
    (tmp_path / "README.md").write_text(f"{good}\n\n```text\n[e](in-code.md)\n```\n", encoding="utf-8")
    assert list(links.broken_links()) == []
    bad = ["gone.md", "there.md#gone", "there.md#twice-2", "#gone", "../outside.md", "gone.svg"]
    (tmp_path / "README.md").write_text(" ".join(f"![x]({link})" for link in bad), encoding="utf-8")
    assert [line.split()[3].rstrip(",") for line in links.broken_links()] == bad


@pytest.mark.parametrize("page", pages_with(COMMAND))
def test_commands_would_be_understood(page):
    """Parsed as the shell would hand them over; the parser raises where a verb or option does not exist."""
    verbs = typer.main.get_group(app).commands
    for line in COMMAND.findall(page.read_text(encoding="utf-8").replace("\\\n", " ")):
        verb, *arguments = shlex.split(line, comments=True)
        verbs[verb].make_context(verb, arguments)


@pytest.mark.parametrize("page", pages_with(TARGET))
def test_make_targets_exist(page):
    known = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(TARGET.findall(page.read_text(encoding="utf-8"))) <= set(known)
