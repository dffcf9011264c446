"""What a fit says on the terminal: the ladder, what is shipped and why, where the report lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape

from modicum.cli.console import out, print_json, print_table
from modicum.core.texts import counted


def tell(report: dict[str, Any], folder: Path, json: bool) -> None:
    """Print a report, in short or as JSON."""
    if json:
        print_json({"bundle": str(folder), **{key: value for key, value in report.items() if key != "map"}})
    else:
        show(report, folder)


def show(report: dict[str, Any], folder: Path) -> None:
    """Print what a report says, in short."""
    console, data = out(), report["data"]
    kinds = f"{data['classes']} {_called(report)}, " if data["classes"] else ""
    console.print(
        f"[bold]{escape(data['source'])}[/]: {counted(data['rows'], 'row')}, {data['labelled']:,} labelled, "
        f"{kinds}{counted(data['duplicates'], 'duplicate')}; "
        f"encoder {escape(report['encoder']['name'])}",
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
    tuning = report.get("tuning")
    if tuning and "measured" in tuning:
        console.print(escape(tuning["said"]), soft_wrap=True)
    test = report.get("test")
    if test and not figures:
        console.print(_unseen(test), soft_wrap=True)
    console.print(escape(f"\nReport: {folder / 'report.html'}"), soft_wrap=True)
    console.print(escape(f"Use it: modicum predict {folder} TABLE --out answers.csv"), soft_wrap=True)


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
    words = f"On {counted(test['rows'], 'row')} whose labels were hidden: accuracy {100 * test['accuracy']:.1f} %"
    if test["baseline_accuracy"] is not None:
        words += f"; {test['baseline']}: {100 * test['baseline_accuracy']:.1f} %"
    if test["coverage"] is not None:
        words += (
            f"; prediction sets hold the truth in {100 * test['coverage']:.1f} % with {test['mean_size']:.1f} classes"
        )
    return words + "."
