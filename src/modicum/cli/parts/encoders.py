"""`modicum encoders`: which encoder suits a table, and which few together, before anything is tuned."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table


def encoders(
    table: options.TABLE,
    text: options.TEXT = None,
    image: options.IMAGE = None,
    label: options.LABEL = None,
    id: options.ID = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            "--encoder",
            metavar="NAME",
            help="A candidate, repeatable: a name, a folder, or a file of vectors (.npy, .parquet); "
            "default those on this machine.",
        ),
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", help="Encoders wanted; default all, in order.")
    ] = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Score encoders on a table's labelled rows before anything is tuned, and say what another would add.

    Example: modicum encoders tickets.csv --text message --label intent --encoder all-MiniLM-L6-v2 --encoder ours.npy
    """
    with bars() as progress:
        items = modicum.read(table, text=text, image=image, label=label, id=id)
        found = modicum.workspace.score_encoders(items, encoder or (), keep=keep, threads=threads, progress=progress)
    if json:
        print_json(found.to_dict())
    else:
        _show(found)


def _show(found: Any) -> None:
    best, *others = found.candidates
    size = f"{found.rows:,} labelled rows, {found.classes} classes"
    said = f"{found.source}: {size}; {_name(best)} serves most rows by itself."
    close = [_name(one) for one in others if best.alone - one.alone < 2 * max(best.error, one.error)]
    if close:
        said += f" The lead over {', '.join(close)} may be chance."
    out().print(escape(said), soft_wrap=True)
    print_table(
        [_row(one) for one in found.candidates],
        title="\nRows served, each class told from its other rows",
        right=("width", "alone", "with those above"),
    )
    out().print(
        "\nWith those above: served by one of them at least; no head is promised to gain as much.", soft_wrap=True
    )


def _name(one: Any) -> str:
    return f"{one.name} ({one.mode})" if one.mode == "static" else str(one.name)


def _row(one: Any) -> dict[str, str]:
    return {
        "encoder": one.name,
        "mode": one.mode,
        "width": f"{one.width}",
        "alone": f"{100 * one.alone:.1f} ± {196 * one.error:.1f} %",
        "with those above": "" if one.together is None else f"{100 * one.together:.1f} %",
    }
