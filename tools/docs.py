"""Writes what is generated from cards, command help and benchmark results, or checks it: `docs.py write|check`."""

from __future__ import annotations

import difflib
import importlib
import inspect
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import typer.main
from comparison import PARTS, comparison_page
from figures import figure, figures_page
from glossary import glossary_page
from links import ROOT, broken_links

from modicum.cli import app
from modicum.evaluation.bench import BenchRow
from modicum.workspace.registry import Method, methods, prose

PAGES = ROOT / "docs" / "methods"
EXAMPLE = re.compile(r"^Example: (modicum .+)$", re.MULTILINE)
ROOMS = ROOT / "docs" / "rooms"
BEGIN, END = "<!-- methods:begin -->", "<!-- methods:end -->"
MEASURED = """
Generated from the results in [benchmarks](../../benchmarks), most of which `modicum bench methods` makes. Every method
is compared with the plain baseline of its question on the same draws of labels; its page shows every figure.

A difference is clear, *better* or *worse*, where a paired t-test over the seeds tells it from 0 at the level 0.1: one
in ten differences that are nothing but chance looks clear, so that a place says little and a pattern over places more.
± is the standard deviation over the seeds, of the difference where it stands behind one. Vectors are those of the
default encoder, settings the defaults. *Best* and *worst* name the largest clear difference each way. A method that was
not measured is named as such.
"""


class Bare(str):
    """An annotation as it stands in the source, without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def place(method: Method) -> Path:
    """Where a method's page stands: as its file in the source."""
    return PAGES.joinpath(*method.module.split(".")[1:]).with_suffix(".md")


def _told(default: Any) -> Any:
    """A default as it is told: functions by their name, not by where they lie in memory."""
    return Bare(default.__name__) if inspect.isfunction(default) else default


def signature(thing: Any) -> str:
    """How a function or class is called, one parameter a line where one line is too short."""
    found = inspect.signature(thing)
    result = inspect.Signature.empty if inspect.isclass(thing) else Bare(found.return_annotation)
    inputs = [p.replace(annotation=Bare(p.annotation), default=_told(p.default)) for p in found.parameters.values()]
    text = f"{thing.__name__}{found.replace(parameters=inputs, return_annotation=result)}"
    if len(text) <= 100:
        return text
    lines: list[str] = []
    for p in inputs:
        if p.kind is p.KEYWORD_ONLY and "*" not in lines:
            lines.append("*")
        lines.append(str(p))
    arrow = "" if inspect.isclass(thing) else f" -> {found.return_annotation}"
    return f"{thing.__name__}(\n" + "".join(f"    {line},\n" for line in lines) + f"){arrow}"


def contract(thing: Any) -> str:
    """Signature and docstring."""
    return f"```text\n{signature(thing)}\n\n{inspect.cleandoc(thing.__doc__ or '')}\n```\n"


def parts(method: Method) -> list[Any]:
    """The method's public face, then whatever else is public in its file, in the order of the file."""
    module = importlib.import_module(method.module)
    own = [v for k, v in vars(module).items() if k[0] != "_" and getattr(v, "__module__", "") == module.__name__]
    return sorted((v for v in own if callable(v)), key=lambda v: v.__name__ != method.card.name)


def page(method: Method) -> str:
    """One method's page: card, prose, signatures, contracts. Where torch is missing, its pages stay as they are."""
    try:
        importlib.import_module(method.module)
    except ModuleNotFoundError as error:
        if error.name == "torch" and place(method).exists():
            return place(method).read_text(encoding="utf-8")
        raise
    card = method.card
    title, _, body = method.prose().partition("\n")
    up = "../" * len(place(method).relative_to(ROOT).parent.parts)
    file = method.module.replace(".", "/")
    test = re.sub(r"^modicum/(.*/)(.*)$", r"tests/\1test_\2", file)
    ids = f" · {', '.join(card.ids)}" if card.ids else ""
    facts = {
        "question": f"{card.room} / {card.question}",
        "import": f"`from {method.module.rpartition('.')[0]} import {card.name}`",
        "needs": ", ".join(card.needs),
        "cost": card.cost,
        "tags": ", ".join(card.tags) or "none",
        "source": f"{card.paper} ({card.year}){ids}",
        "files": f"[source]({up}src/{file}.py), [test]({up}{test}.py)",
    }
    rows = "\n".join(f"| {name} | {fact} |" for name, fact in facts.items())
    head = f"# {card.name}\n\n{title}\n\n| | |\n|---|---|\n{rows}\n\n{body.strip()}\n"
    return "\n".join([head, measured_section(method), *map(contract, parts(method))])


@cache
def results() -> Mapping[str, dict[str, Any]]:
    """Committed benchmark results by name of their file; those of peers have a page of their own."""
    files = sorted(file for file in (ROOT / "benchmarks").glob("*.json") if file.name not in PARTS.values())
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def measured(method: Method) -> list[BenchRow]:
    """All committed rows that name a method."""
    rows = [row for found in results().values() for row in found["rows"]]
    return [BenchRow(**row) for row in rows if row.get("method") == method.key]


def measured_section(method: Method) -> str:
    """What a method's page tells of its figures: wins and losses counted, then every row."""
    rows = measured(method)
    if not rows:
        return "## Measured\n\nNot measured yet.\n"
    told = [f"- {name}, against {against}: {counted(found)}." for (name, against), found in compared(rows)]
    up = "../" * (len(place(method).relative_to(PAGES).parts) - 1)
    out = ["## Measured", "", *(told or ["No baseline stands beside these figures."]), ""]
    out += ["| on | measure | value | baseline | difference |", "|---|---|---|---|---|"]
    out += [
        f"| {row.on} | {row.measure} | {figure(asdict(replace(row, baseline=None)))} | {short(row.baseline)} "
        f"| {row.in_words()} |"
        for row in rows
    ]
    out += ["", f"What counts as a difference, and all other methods: [measured]({up}measured.md).", ""]
    return "\n".join(out)


def short(value: float | None) -> str:
    """A number as the tables show it; empty where there is none."""
    return "" if value is None else f"{value:.3f}"


def compared(rows: Iterable[BenchRow]) -> list[tuple[tuple[str, str], list[BenchRow]]]:
    """Rows with a baseline, by measure and what they are measured against."""
    groups: dict[tuple[str, str], list[BenchRow]] = {}
    for row in rows:
        if row.baseline is not None:
            groups.setdefault((row.measure, row.against), []).append(row)
    return list(groups.items())


def counted(rows: Sequence[BenchRow]) -> str:
    """How often better, worse or neither."""
    number = Counter(row.verdict for row in rows)
    return f"better in {number['better']} of {len(rows)}, worse in {number['worse']}, unclear in {number['unclear']}"


def farthest(rows: Sequence[BenchRow], verdict: str) -> str:
    """The clearest win or loss, with its place."""
    found = [row for row in rows if row.verdict == verdict]
    if not found:
        return "nowhere"
    row = max(found, key=lambda row: abs(row.value - (row.baseline or 0)))
    return f"{row.on}: {row.in_words()}"


def measured_page() -> str:
    """Where every method wins and loses, by question; methods that were not measured are named, too."""
    out = ["# Measured: where each method wins, and where it loses", MEASURED.rstrip()]
    for question, group in questions():
        rows = {method: measured(method) for method in group}
        out += ["", f"## {question}", ""]
        if any(rows.values()):
            out += ["| method | measure | better, worse, unclear | best | worst |", "|---|---|---|---|---|"]
            out += [line for method, found in rows.items() if found for line in measured_lines(method, found)]
        missing = [f"[{m.card.name}]({page_link(m)})" for m, found in rows.items() if not found]
        if missing:
            out += [*([""] if any(rows.values()) else []), f"Not measured yet: {', '.join(missing)}."]
    return "\n".join(out) + "\n"


def measured_lines(method: Method, rows: Sequence[BenchRow]) -> Iterator[str]:
    """Rows of the overview, one for each measure with a baseline; or one that says what its figures are."""
    link = f"[{method.card.name}]({page_link(method)})"
    for (name, against), found in compared(rows):
        count = Counter(row.verdict for row in found)
        share = ", ".join(str(count[word]) for word in ("better", "worse", "unclear"))
        told = (f"{name}, against {against}", share, farthest(found, "better"), farthest(found, "worse"))
        yield f"| {link} | {' | '.join(told)} |"
    if not compared(rows):
        named = ", ".join(dict.fromkeys(row.measure for row in rows))
        yield f"| {link} | {named} | without a baseline | | |"


def page_link(method: Method) -> str:
    """Where a method's page stands, seen from the index."""
    return place(method).relative_to(PAGES).as_posix()


def asked(method: Method) -> str:
    """The question a method answers, as its package words it."""
    return prose(method.module.rpartition(".")[0]).partition("?")[0].replace("\n", " ") + "?"


def questions() -> Iterator[tuple[str, list[Method]]]:
    """Methods by question, in the order of the rooms."""
    for question, group in itertools.groupby(methods(), asked):
        yield question, list(group)


def short_table() -> str:
    """One row per question: what the README shows, however many methods there are."""
    rows = ["| question | methods | where |", "|---|---|---|"]
    for question, group in questions():
        links = ", ".join(f"[{m.card.name}]({place(m).relative_to(ROOT).as_posix()})" for m in group)
        rows.append(f"| {question} | {links} | `{group[0].module.rpartition('.')[0]}` |")
    return "\n".join(rows)


def room_list(room: str) -> str:
    """Every method of a room by question: the end of the room's page, so that a new method needs no line there."""
    out = []
    for question, group in questions():
        if group[0].card.room == room:
            links = ", ".join(f"[{m.card.name}](../methods/{page_link(m)})" for m in group)
            out.append(f"- {question} {links}")
    return "\n".join(out)


def filled(path: Path, told: str) -> str:
    """A page written by hand whose marked place holds what is generated."""
    page = path.read_text(encoding="utf-8")
    return f"{page.partition(BEGIN)[0]}{BEGIN}\n{told}\n{END}{page.partition(END)[2]}"


def index() -> str:
    """All methods with summary, needs and source, by question."""
    out = ["# Methods", "", "Generated from the methods' cards. Where each wins and loses: [measured](measured.md)."]
    for question, group in questions():
        out += ["", f"## {question}", "", "| method | what it does | needs | source |", "|---|---|---|---|"]
        for method in group:
            card, link = method.card, page_link(method)
            needs = ", ".join(card.needs)
            out.append(f"| [{card.name}]({link}) | {card.summary} | {needs} | {card.paper} ({card.year}) |")
    return "\n".join(out) + "\n"


def command_page() -> str:
    """The help of every verb."""
    group = typer.main.get_group(app)
    out = ["# Command line", "", "Generated from the commands' own help."]
    commands = {
        name: one for verb, command in group.commands.items() for name, one in _with_sub_commands(verb, command).items()
    }
    for name, command in commands.items():
        told = EXAMPLE.sub(r"```console\n$ \1\n```", inspect.cleandoc(command.help or ""))
        inputs = [option for option in command.params if option.param_type_name == "argument"]
        usage = " ".join(["modicum", name, *(str(p.metavar) for p in inputs), "[OPTIONS]"])
        out += ["", f"## modicum {name}", "", told, "", f"    {usage}", ""]
        out += ["| option | meaning |", "|---|---|", *map(option_row, command.params)]
    return "\n".join(out) + "\n"


def _with_sub_commands(verb: str, command: Any) -> dict[str, Any]:
    """A verb, or in its place the commands within it, by what is typed for them."""
    within = getattr(command, "commands", None)
    return {verb: command} if within is None else {f"{verb} {name}": one for name, one in within.items()}


def option_row(option: Any) -> str:
    """One option of a verb."""
    flags = ", ".join(flag for flag in option.opts if flag.startswith("-"))
    told = " ".join(filter(None, [flags, option.metavar]))
    known = option.default is not None and option.default is not False and not callable(option.default)
    default = f" (default {option.default})" if known and flags and "efault" not in option.help else ""
    meaning = (option.help or "").rstrip(".").replace("|", r"\|")
    return f"| `{told}` | {meaning}{default} |"


def generated() -> dict[Path, str]:
    """Every generated file with its content."""
    rooms = {ROOMS / f"{room}.md": room for room in {method.card.room for method in methods()}}
    return {
        **{place(method): page(method) for method in methods()},
        PAGES / "README.md": index(),
        PAGES / "measured.md": measured_page(),
        ROOT / "docs" / "cli.md": command_page(),
        ROOT / "docs" / "benchmarks.md": figures_page(results()),
        ROOT / "docs" / "comparison.md": comparison_page(),
        ROOT / "docs" / "glossary.md": glossary_page(),
        **{page: filled(page, room_list(room)) for page, room in rooms.items()},
        ROOT / "README.md": filled(ROOT / "README.md", short_table()),
    }


def stale() -> Iterator[str]:
    """Differences between what is there and what would be generated."""
    wanted = generated()
    for path, text in wanted.items():
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there != text:
            name = str(path.relative_to(ROOT))
            lines = difflib.unified_diff(there.splitlines(), text.splitlines(), name, "generated", lineterm="", n=0)
            yield "\n".join(itertools.islice(lines, 12))
    for path in PAGES.rglob("*.md"):
        if path not in wanted:
            yield f"{path.relative_to(ROOT)} belongs to no method"


def write() -> None:
    """Write every generated file, and remove pages of methods that are gone."""
    wanted = generated()
    for old in set(PAGES.rglob("*.md")) - set(wanted):
        old.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Write or check; the exit code is 1 where something is stale or broken, 2 where the call is wrong."""
    if arguments not in (["write"], ["check"]):
        print("usage: docs.py write|check")
        return 2
    if arguments == ["write"]:
        write()
    problems = [*stale(), *broken_links()]
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems; `make docs` rebuilds what is generated")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
