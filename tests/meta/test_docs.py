"""The docs are true: their code runs, their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import typer.main

from modicum.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in (ROOT / "docs").rglob("*.md") if "methods" not in p.parts)])
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"^\$ modicum (\S+)(.*)$", re.MULTILINE)


def pages_with(pattern):
    return [page for page in PAGES if pattern.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", pages_with(PYTHON), ids=lambda p: str(p.relative_to(ROOT)))
def test_code_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in PYTHON.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", pages_with(COMMAND), ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_exist(page):
    group = typer.main.get_command(app)
    for verb, rest in COMMAND.findall(page.read_text(encoding="utf-8")):
        command = group.get_command(typer.Context(group), verb)
        assert command is not None, verb
        known = {flag for option in command.params for flag in option.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known
