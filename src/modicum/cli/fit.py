"""`modicum fit`: climb the ladder on a table and write the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table

EPILOG = (
    "Example: modicum fit tickets.csv --text message --label intent --classes intents.yaml --budget 60s --out intents"
)


def fit(
    table: options.TABLE,
    text: options.TEXT = None,
    image: options.IMAGE = None,
    label: options.LABELS = None,
    separator: options.SEPARATOR = None,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="KIND",
            help="classes (one a row), labels (several), number; auto is labels with a separator or several columns, "
            "else classes.",
        ),
    ] = "auto",
    id: options.ID = None,
    classes: options.CLASSES = None,
    group: Annotated[
        str | None,
        typer.Option("--group", metavar="COL", help="Rows of one group never stand on both sides of a split."),
    ] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="COL", help="Splits train on the past only.")] = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    encoder_mode: options.ENCODER_MODE = "exact",
    budget: Annotated[str, typer.Option(help="Time for the ladder, such as 45, 90s, 2m.")] = "30s",
    alpha: Annotated[float, typer.Option(help="Share of prediction sets that may miss the truth.")] = 0.1,
    sets: Annotated[str, typer.Option(help="Prediction sets: lac, aps or raps, each also with -per-class.")] = "lac",
    unknown: Annotated[
        float | None,
        typer.Option(
            "--unknown",
            metavar="RATE",
            help="Mark rows of none of the classes, with this share of false alarms, such as 0.05.",
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(help="Expected loss of accuracy accepted for a cheaper recipe.")] = 0.005,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Learn from corrected labels where many are probably wrong.")
    ] = True,
    shift: Annotated[
        bool, typer.Option("--shift/--no-shift", help="Correct for class shares of unlabelled rows where it gains.")
    ] = True,
    seed: options.SEED = 0,
    bundle: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the bundle; default NAME.bundle beside you.")
    ] = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Make a calibrated task model from a table with a few labels.

    Example: modicum fit tickets.csv --text message --label intent --budget 60s --out intents
    """
    folder = bundle or Path(f"{options.stem(table)}.bundle")
    with bars() as progress:
        items = modicum.read(
            table,
            text=text,
            label=label,
            id=id,
            group=group,
            time=time,
            image=image,
            separator=separator,
        )
        given = modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else None
        result = modicum.fit(
            items,
            classes=modicum.data.declared_classes(table, classes),
            vectors=given,
            encoder=None if given is not None else encoder,
            threads=threads,
            progress=progress,
            budget=budget,
            alpha=alpha,
            sets=sets,
            unknown=unknown,
            tolerance=tolerance,
            repair=repair,
            shift=shift,
            seed=seed,
            target=target,
            encoder_mode=encoder_mode,
        )
        result.save(folder)
    if json:
        print_json({"bundle": str(folder), **{k: v for k, v in result.report.items() if k != "map"}})
    else:
        _show(result.report, folder)


def _show(report: dict[str, Any], folder: Path) -> None:
    console, data = out(), report["data"]
    kinds = f"{data['classes']} {_called(report)}, " if data["classes"] else ""
    console.print(
        f"[bold]{escape(data['source'])}[/]: {data['rows']:,} rows, {data['labelled']:,} labelled, "
        f"{kinds}{data['duplicates']:,} duplicates; encoder {report['encoder']['name']}",
        soft_wrap=True,
    )
    tried = [entry for entry in report["ladder"] if entry["status"] == "tried"]
    figures = report.get("target", {}).get("figures")
    if figures:
        rows = [_figures_row(entry, figures) for entry in tried]
    else:
        with_test = any(entry["test_accuracy"] is not None for entry in tried)
        rows = [_row(entry, with_test) for entry in tried]
    words = ("", "recipe", "share")
    print_table(rows, title="\nThe ladder", right=[name for row in rows[:1] for name in row if name not in words])
    for entry in report["ladder"]:
        if entry["status"] == "skipped":
            console.print(escape(f"Not tried: {entry['name']}: {entry['reason']}"), soft_wrap=True)
    console.print("\n" + escape(" ".join([report["decision"], *report["grounds"]])), soft_wrap=True)
    test = report.get("test")
    if test and not figures:
        console.print(_unseen(test), soft_wrap=True)
    console.print(f"\nReport: {folder / 'report.html'}", soft_wrap=True)


def _called(report: dict[str, Any]) -> str:
    return "labels" if report.get("target") else "classes"


def _figures_row(entry: dict[str, Any], figures: list[dict[str, str]]) -> dict[str, str]:
    """An entry of a ladder whose figures are named in the report."""
    row = {"": "→" if entry["chosen"] else "", "recipe": entry["name"], "rung": str(entry["rung"])}
    for figure in figures:
        value = entry[figure["key"]]
        told = "" if value is None else f"{100 * value:.1f} %" if figure["unit"] == "share" else f"{value:.3g}"
        row[figure["name"]] = told
    row |= {"seconds": f"{entry['seconds']:.1f}", "s/1000": f"{entry['seconds_per_1000_items']:.3f}"}
    return row | {"share": f"{entry['weight']:.2f}" if entry["weight"] else ""}


def _row(entry: dict[str, Any], with_test: bool) -> dict[str, str]:
    accuracy = "" if entry["cv_accuracy"] is None else f"{100 * entry['cv_accuracy']:.1f} %"
    if entry["cv_se"]:
        accuracy += f" ±{196 * entry['cv_se']:.1f}"
    row = {
        "": "→" if entry["chosen"] else "",
        "recipe": entry["name"],
        "rung": str(entry["rung"]),
        "accuracy": accuracy,
        "log-loss": "" if entry["cv_log_loss"] is None else f"{entry['cv_log_loss']:.3f}",
        "seconds": f"{entry['seconds']:.1f}",
        "s/1000": f"{entry['seconds_per_1000_items']:.3f}",
    }
    if with_test:
        row["unseen"] = "" if entry["test_accuracy"] is None else f"{100 * entry['test_accuracy']:.1f} %"
    row["share"] = f"{entry['weight']:.2f}" if entry["weight"] else ""
    return row


def _unseen(test: dict[str, Any]) -> str:
    words = f"On {test['rows']:,} rows whose labels were hidden: accuracy {100 * test['accuracy']:.1f} %"
    if test["baseline_accuracy"] is not None:
        words += f"; {test['baseline']}: {100 * test['baseline_accuracy']:.1f} %"
    if test["coverage"] is not None:
        words += (
            f"; prediction sets hold the truth in {100 * test['coverage']:.1f} % with {test['mean_size']:.1f} classes"
        )
    return words + "."
