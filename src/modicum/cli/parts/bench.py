"""`modicum bench`: measured figures beside their baselines and targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, print_json, print_table
from modicum.core.files import check_file_place

if TYPE_CHECKING:
    from modicum.evaluation.bench import BenchRow

RIGHT = ("value", "baseline", "target", "spread")


def bench(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which one; without it all are listed.", show_default=False)
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Folder of collections, each with train.csv and test.csv.")
    ] = Path("../shared/data"),
    on: Annotated[
        list[str] | None, typer.Option("--on", metavar="SET", help="Only this collection, or part of it; repeatable.")
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", metavar="N", min=1, help="Seeds to run; default the benchmark's own number."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Also write the JSON to this file; with --on, beside its other rows."
        ),
    ] = None,
    json: options.JSON = False,
) -> None:
    """Run a benchmark and print its rows, or list what there is.

    Example: modicum bench few-shot --on banking77 --seeds 1
    """
    if name is None:
        _list(json)
        return
    if file:
        check_file_place(file)
        if on is not None:
            modicum.workspace.bench.other_rows(name, file)
    with bars() as progress:
        found = modicum.workspace.run_bench(name, data, on=on, seeds=seeds, progress=progress)
    if file:
        found.write(file, part=on is not None)
    if json:
        print_json(found.to_dict())
        return
    shown = _of_a_method if all(row.method for row in found.rows) else _plain
    print_table([shown(row) for row in found.rows], right=RIGHT)


def _list(json: bool) -> None:
    """Say which benchmarks there are, what they run on and with how many seeds."""
    every: list[dict[str, Any]] = [
        {"name": name, "on": list(one.on), "seeds": one.seeds} for name, one in modicum.workspace.BENCHES.items()
    ]
    if json:
        print_json(every)
        return
    rows = [{"name": str(one["name"]), "on": " ".join(one["on"]), "seeds": str(one["seeds"])} for one in every]
    print_table(rows, right=("seeds",))


def _plain(row: BenchRow) -> dict[str, str]:
    shown = ("measure", "on", "value", "unit", "baseline", "target", "seeds", "spread")
    return {name: _shown(getattr(row, name)) for name in shown}


def _of_a_method(row: BenchRow) -> dict[str, str]:
    told = {name: _shown(getattr(row, name)) for name in ("method", "on", "measure", "value", "baseline")}
    return {**told, "difference": row.in_words()}


def _shown(value: str | float | None) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)
