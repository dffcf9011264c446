"""`modicum bench`: measured figures beside their baselines and targets."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, print_json, print_table


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="few-shot, conformal, fit, encode or scale.")],
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of collections, each with train.csv and test.csv.")
    ] = Path("../shared/data"),
    on: Annotated[list[str] | None, typer.Option("--on", metavar="SET", help="Only these collections.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Seeds to run; default the benchmark's own number.")] = None,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Also write the JSON to this file.")
    ] = None,
    json: options.JSON = False,
) -> None:
    """Run a benchmark and print its rows.

    Example: modicum bench few-shot --on banking77 --seeds 1
    """
    with bars() as progress:
        found = modicum.workspace.run_bench(name, data, on=on, seeds=seeds, progress=progress)
    if file:
        found.write(file)
    if json:
        print_json(found.to_dict())
        return
    rows = [{key: _shown(value) for key, value in asdict(row).items() if key != "note"} for row in found.rows]
    print_table(rows, right=("value", "baseline", "target", "spread"))


def _shown(value: str | float | None) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
