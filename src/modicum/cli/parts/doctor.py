"""`modicum doctor`: what is installed, what is missing, and how to get it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import complain, out, print_json, print_table

if TYPE_CHECKING:
    from modicum.workspace.doctor import Examination, Finding


def doctor(json: options.JSON = False) -> None:
    """Say what is installed, what is missing and how to get it; exit code 2 where modicum cannot work.

    Example: modicum doctor
    """
    found = modicum.workspace.examine()
    if json:
        print_json(found.to_dict())
    else:
        _show(found)
    if not found.works:
        complain(f"modicum cannot work yet; do this: {'; '.join(found.remedies)}")
        raise typer.Exit(2)


def _show(found: Examination) -> None:
    rows = [{"topic": one.topic, "what": one.name, "state": one.state, "found": one.told} for one in found.findings]
    print_table(rows)
    missing: dict[str, list[Finding]] = {}
    for one in found.findings:
        if one.state != "ok" and one.remedy:
            missing.setdefault(one.remedy, []).append(one)
    if missing:
        works = "modicum works. What is not there yet, for who wants it:" if found.works else "What is missing:"
        out().print(f"\n{works}", markup=False)
    for remedy, those in missing.items():
        names = ", ".join(dict.fromkeys(one.name for one in those))
        why = f"for {those[0].use} ({names})" if those[0].use else names
        out().print(f"  {remedy}  {why}", markup=False, soft_wrap=True)
