"""`modicum tune`: rung 5 of the ladder, come what may: tune the encoder's weights and write the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, complain, print_json
from modicum.cli.outcome import show
from modicum.workspace.tuning.settings import TuneSettings

EPILOG = "Example: modicum tune tickets.csv --text message --label intent --budget 10m --out intents"


def tune(
    table: options.TABLE,
    text: options.TEXT = None,
    label: options.LABEL = None,
    id: options.ID = None,
    classes: options.CLASSES = None,
    encoder: options.ENCODER = None,
    budget: Annotated[str, typer.Option(help="Time for all of it, such as 10m or 1h.")] = "10m",
    method: Annotated[
        str, typer.Option(help="auto or full (all layers), or an adapter: LoRA, PiSSA, SVFit, Compacter, DiffFit, ...")
    ] = "auto",
    objective: Annotated[str, typer.Option(help="What is minimised; see: modicum methods --room weights.")] = (
        "SupervisedContrastive"
    ),
    steps: Annotated[int, typer.Option(min=1, help="Most steps of a run; fewer where the budget wants it.")] = 160,
    batch: Annotated[int, typer.Option(min=1, help="Rows a batch.")] = 32,
    rate: Annotated[
        float | None, typer.Option(help="Largest learning rate; default 1e-4, and 1e-3 for adapters.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")] = "auto",
    work: Annotated[
        Path | None,
        typer.Option("--work", metavar="DIR", help="Keep the state of all runs here, and go on from what is there."),
    ] = None,
    seed: options.SEED = 0,
    bundle: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the bundle; default NAME.bundle beside you.")
    ] = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Tune the encoder's weights on a few labels, judged on held-out rows beside frozen vectors; needs torch.

    Example: modicum tune tickets.csv --text message --label intent --budget 10m --out intents
    """
    folder = bundle or Path(f"{options.stem(table)}.bundle")
    tuning = TuneSettings(True, method, objective, steps, batch, rate, device, work)
    try:
        with bars() as progress:
            items = modicum.read(table, text=text, label=label, id=id)
            result = modicum.fit(
                items,
                classes=modicum.data.declared_classes(table, classes),
                encoder=encoder,
                budget=budget,
                seed=seed,
                threads=threads,
                tuning=tuning,
                progress=progress,
            )
            result.save(folder)
    except KeyboardInterrupt:
        complain("interrupted; the same call with the same --work goes on where this one stopped")
        raise typer.Exit(130) from None
    if json:
        print_json({"bundle": str(folder), **{k: v for k, v in result.report.items() if k != "map"}})
    else:
        show(result.report, folder)
