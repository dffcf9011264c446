"""`modicum merge`: tuned encoders of one start made one, judged beside them, and put under the head of a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table
from modicum.core.texts import counted

if TYPE_CHECKING:
    from modicum.workspace.weights import Headed, Judged, Merging


def merge(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL...", help="Folders of tuned encoders, or bundles that hold one in encoder/."),
    ],
    tables: Annotated[
        list[str],
        typer.Option(
            "--table",
            metavar="TABLE",
            help="Labelled rows that no model was tuned on, which judge them; repeatable, for several tasks.",
        ),
    ],
    folder: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the merged encoder, or with --head of the bundle.")
    ],
    text: options.TEXT = None,
    label: options.LABEL = None,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="METHOD",
            help="uniform (the mean), greedy (the mean of those that do not lower the accuracy), average (models of "
            "one folder are snapshots of one run), atlas (a learnt coefficient a block) or position (one a model).",
        ),
    ] = "greedy",
    head: Annotated[
        Path | None,
        typer.Option(
            "--head",
            metavar="BUNDLE",
            help="Write a bundle: the head of this one, as it was fitted, on the merged weights; measured beside what "
            "it was, with thresholds set anew on the rows that judge.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="NAME",
            help="Encoder that the models were tuned from; atlas and position need it, default all-MiniLM-L6-v2.",
        ),
    ] = None,
    last: Annotated[
        int | None,
        typer.Option("--last", metavar="N", min=1, help="With average: this many of each run's last snapshots."),
    ] = None,
    steps: Annotated[
        int, typer.Option("--steps", metavar="N", min=1, help="Steps of the search of atlas and position.")
    ] = 100,
    seed: options.SEED = 0,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Merge tuned encoders into one, which fit takes as --encoder DIR; or into a bundle, with the head of one.

    Example: modicum merge first second third --table held.csv --text message --label intent --out merged
    """
    parts = modicum.workspace.weights
    settings = parts.MergeSettings(method, last, steps, seed, threads)
    parts.check_place(folder, models, head)
    with bars() as progress:
        held = [modicum.read(table, text=text, label=label) for table in tables]
        wanted = None if head is None else parts.read_head(head, models, held, threads=threads)
        found = parts.merge(models, held, base=base, settings=settings, progress=progress)
        headed = None if wanted is None else wanted.on(found, seed=seed, progress=progress)
        if headed is None:
            found.write(folder)
        else:
            headed.bundle.save(folder)
    if json:
        place = {"encoder" if headed is None else "bundle": str(folder)}
        print_json({**place, **found.to_dict(), **({} if headed is None else {"head": headed.to_dict()})})
        return
    _show(found)
    if headed is None:
        out().print(f"Use it: modicum fit TABLE --encoder {escape(str(folder))}", soft_wrap=True)
    else:
        _show_head(headed, folder)


def _show(found: Merging) -> None:
    console = out()
    told = [one for one in (found.base, *found.models, found.merged) if one is not None]
    rows = [_row(found, one) for one in told]
    print_table(rows, right=list(rows[0])[1:])
    for held in found.held:
        said = f"{counted(len(held.judging), 'row')} of {escape(held.name)} judged"
        said += f", {len(held.deciding):,} others decided" if len(held.deciding) else ""
        console.print(f"{said}: accuracy of a linear head, cross-validated.", soft_wrap=True)
    if found.stopped:
        console.print(f"[yellow]The search ended early[/]: {escape(found.stopped)}.", soft_wrap=True)
    points = 100 * abs(found.gain)
    side = "above" if found.gain > 0 else "below" if found.gain < 0 else "level with"
    distance = f"{points:.1f} points {side}" if found.gain else side
    console.print(f"Merged ({found.method}): {distance} the best of its models where they are judged.", soft_wrap=True)


def _show_head(headed: Headed, folder: Path) -> None:
    told = {"on the encoder it was fitted on": headed.before, "on the merged one": headed.after}
    rows = []
    for name, one in told.items():
        row = {"the head": name, "accuracy": f"{100 * one.accuracy:.1f} %"}
        row["calibration error"] = f"{100 * one.calibration_error:.1f} %"
        if one.coverage is not None:
            row |= {"sets hold": f"{100 * one.coverage:.1f} %", "classes a set": f"{one.mean_size:.2f}"}
        rows.append(row)
    out().print(f"\nThe same head on {counted(headed.rows, 'row')} of {escape(headed.table)}:", soft_wrap=True)
    print_table(rows, right=list(rows[0])[1:])
    for sentence in headed.notes:
        out().print(escape(sentence), soft_wrap=True)
    out().print(f"Use it: modicum predict {escape(str(folder))} TABLE", soft_wrap=True)


def _row(found: Merging, one: Judged) -> dict[str, str]:
    """An encoder: how much of it is in the merged one, and its accuracies, by table where there are several."""
    row = {"encoder": one.name, "weight": "" if one.weight is None else f"{one.weight:.2f}"}
    for where, deciding, judging in zip(_prefixes(found), one.deciding, one.judging, strict=True):
        if deciding is not None:
            row[f"{where}deciding"] = f"{100 * deciding:.1f} %"
        row[f"{where}judging"] = f"{100 * judging:.1f} %"
    return row


def _prefixes(found: Merging) -> list[str]:
    """What columns of each table begin with: nothing for a single one, else its name, short where that is enough."""
    names = [held.name for held in found.held]
    stems = [Path(name).stem for name in names]
    told = stems if len(set(stems)) == len(stems) else names
    return [f"{name} " for name in told] if len(names) > 1 else [""]
