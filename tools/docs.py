"""Writes what is generated from cards and command help, or checks that it is up to date: `docs.py write|check`."""

from __future__ import annotations

import difflib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import typer.main

from modicum.cli import app
from modicum.workspace.registry import Method, methods

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- methods:begin -->", "<!-- methods:end -->"
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


def page(method: Method) -> str:
    """One method's page: card, prose, signature, contract."""
    card, thing = method.card, method.load()
    title, _, prose = method.prose().partition("\n")
    ids = f" · {', '.join(card.ids)}" if card.ids else ""
    facts = [
        f"| room | {card.room} |",
        f"| question | {card.question} |",
        f"| needs | {', '.join(card.needs)} |",
        f"| cost | {card.cost} |",
        f"| source | {card.paper} ({card.year}){ids} |",
        f"| import | `from {method.module.rsplit('.', 1)[0]} import {card.name}` |",
    ]
    contract = inspect.cleandoc(thing.__doc__ or "")
    return "\n".join(
        [
            f"# {card.name}",
            "",
            title,
            "",
            "| | |",
            "|---|---|",
            *facts,
            "",
            prose.strip(),
            "",
            "```text",
            f"{card.name}{inspect.signature(thing)}",
            "",
            contract,
            "```",
            "",
        ]
    )


def place(method: Method) -> Path:
    """Where a method's page stands."""
    return ROOT / "docs" / "methods" / method.card.room / f"{method.card.name}.md"


def table(prefix: str) -> str:
    """All methods, one row each, with links that start at `prefix`."""
    rows = ["| room | question | method | what it does | source |", "|---|---|---|---|---|"]
    for found in methods():
        card = found.card
        link = f"[{card.name}]({prefix}{card.room}/{card.name}.md)"
        rows.append(f"| {card.room} | {card.question} | {link} | {card.summary} | {card.paper} ({card.year}) |")
    return "\n".join(rows)


def command_page() -> str:
    """The help of every verb."""
    group = typer.main.get_command(app)
    parts = ["# Command line", "", "Generated from the commands' own help.", ""]
    for name in group.list_commands(typer.Context(group)):  # type: ignore[attr-defined]  # a group it is
        command = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
        parts += [f"## modicum {name}", "", inspect.cleandoc(command.help or ""), "", "| option | meaning |", "|---|---|"]
        for option in command.params:
            names = ", ".join(f"`{flag}`" for flag in option.opts if flag.startswith("-")) or f"`{option.metavar}`"
            default = "" if option.default in (None, False) else f" (default {option.default})"
            parts.append(f"| {names} | {getattr(option, 'help', '') or ''}{default} |")
        parts.append("")
    return "\n".join(parts)


def generated() -> dict[Path, str]:
    """Every generated file with its content."""
    out = {place(method): page(method) for method in methods()}
    intro = "# Methods\n\nGenerated from the methods' cards; one page each.\n\n"
    out[ROOT / "docs" / "methods" / "README.md"] = intro + table("") + "\n"
    out[ROOT / "docs" / "cli.md"] = command_page()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    out[ROOT / "README.md"] = f"{before}{BEGIN}\n{table('docs/methods/')}\n{END}{after}"
    return out


def stale() -> Iterator[str]:
    """Differences between what is there and what would be generated."""
    wanted = generated()
    for path, text in wanted.items():
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there != text:
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), str(path), "generated", lineterm="", n=0)
            yield "\n".join(list(lines)[:12])
    for path in (ROOT / "docs" / "methods").rglob("*.md"):
        if path not in wanted:
            yield f"{path} belongs to no method"


def broken_links() -> Iterator[str]:
    """Links between the project's pages that lead nowhere."""
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                yield f"{path.relative_to(ROOT)} links to {target}, which is not there"


def main() -> int:
    """Write or check; the exit code is 1 where something is stale or broken."""
    if sys.argv[1:] == ["write"]:
        for old in (ROOT / "docs" / "methods").rglob("*.md"):
            old.unlink()
        for path, text in generated().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    elif sys.argv[1:] != ["check"]:
        print("usage: docs.py write|check")
        return 2
    problems = [*stale(), *broken_links()]
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems; `make docs` rebuilds what is generated")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
