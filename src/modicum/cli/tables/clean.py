"""`modicum clean`: labels that are probably wrong, copies that disagree, and copies, with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table, tell_written
from modicum.core.texts import counted, shortened

SHOWN, LETTERS = 20, 60


def clean(
    table: options.TABLE,
    text: options.TEXT = None,
    label: options.LABEL = None,
    id: options.ID = None,
    classes: options.CLASSES = None,
    split: options.COPIES_ACROSS = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    seed: options.SEED = 0,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="All findings as csv, jsonl or parquet, by the ending."),
    ] = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """List labels that are probably wrong, copies that disagree, and copies. The table itself is never changed.

    Example: modicum clean tickets.csv --text message --label intent --out findings.csv
    """
    options.check_tables(table, vectors, out=file)
    with bars() as progress:
        items = modicum.read(table, text=text, label=label, id=id)
        given = modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else None
        found = modicum.workspace.clean(
            items,
            classes=modicum.data.declared_classes(table, classes),
            encoder=encoder,
            vectors=given,
            split=split,
            settings=modicum.workspace.Settings(seed=seed, threads=threads),
            progress=progress,
        )
    if file:
        rows = modicum.data.write_table(file, found.columns())
    if json:
        print_json(found.to_dict())
    else:
        _show(found)
    if file:
        tell_written(rows, "finding", file)


def _show(found: Any) -> None:
    console, facts = out(), found.facts
    for sentence in _sentences(facts):
        console.print(escape(sentence), soft_wrap=True)
    for kind in ("error", "conflict", "duplicate"):
        rows = [one for one in found.findings if one.kind == kind]
        if rows:
            title = f"\n{kind.capitalize()}s" + (f", the first {SHOWN} of {len(rows):,}" if len(rows) > SHOWN else "")
            print_table([_row(one) for one in rows[:SHOWN]], title=title, right=("row", "credibility"))


def _sentences(facts: dict[str, Any]) -> list[str]:
    """The audit in words."""
    size = f"{counted(facts['rows'], 'row')}, {facts['labelled']:,} labelled"
    classes = counted(facts["classes"], "class", "classes")
    found = [
        counted(facts["errors"], "probable error"),
        counted(facts["conflicts"], "conflicting row"),
        counted(facts["duplicates"], "copy", "copies"),
    ]
    said = [f"{facts['source']}: {size}, {classes}; {', '.join(found)}."]
    if facts["judged"]:
        said.append(f"About {facts['wrong_labels']:.1%} of the labels are expected to be wrong.")
    else:
        said.append("Labels are too few to judge them: give each class four or more.")
    if facts["mistakes"]:
        first = facts["mistakes"][0]
        said.append(f"The most frequent mistake: {first['true']} labelled {first['written']} ({first['share']:.0%}).")
    if facts["classes_made_even"]:
        said.append("Class shares are too even to be drawn at random: they say nothing about how frequent classes are.")
    if facts["copies_across_splits"]:
        across = counted(len(facts["copies_across_splits"]), "row has", "rows have")
        said.append(f"{across} a copy in another split: figures flatter.")
    if facts["shortcuts"]:
        words = ", ".join(f"{one['word']} ({one['class']})" for one in facts["shortcuts"][:5])
        said.append(f"Words that all but decide a class: {words}.")
    return said


def _row(one: Any) -> dict[str, str]:
    return {
        "row": str(one.row),
        "label": one.label or "",
        "suggestion": one.suggestion or "",
        "credibility": "" if one.credibility is None else f"{one.credibility:.2f}",
        "reason": one.reason,
        "text": shortened(one.text, LETTERS),
    }
