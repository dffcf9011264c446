"""`modicum tune`: rung 5 of the ladder, come what may: tune the encoder's weights and write the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, complain
from modicum.cli.outcome import tell
from modicum.workspace.tuning.settings import WHOLE, TuneSettings


def tune(
    table: options.TABLE,
    text: options.TEXT = None,
    label: options.LABEL = None,
    id: options.ID = None,
    classes: options.CLASSES = None,
    encoder: options.ENCODER = None,
    budget: options.BUDGET = "10m",
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="METHOD",
            help="full (all layers), or an adapter: LoRA, DiffFit, ... (see: modicum methods --room weights); auto is "
            "full, which no adapter has clearly beaten, and DiffFit where memory is too small for that.",
        ),
    ] = "auto",
    objective: Annotated[
        str,
        typer.Option("--objective", metavar="NAME", help="What is minimised; see: modicum methods --room weights."),
    ] = "SupervisedContrastive",
    steps: Annotated[
        int,
        typer.Option("--steps", metavar="N", min=1, help="Most steps; fewer where budget or held-out rows want it."),
    ] = 160,
    batch: Annotated[int, typer.Option("--batch", metavar="N", min=1, help="Rows a batch.")] = 32,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="RATE", help="Largest learning rate; default 1e-4, and that of its method for an adapter."
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="cpu, cuda, or auto: a GPU where there is one.")
    ] = "auto",
    work: Annotated[
        Path | None,
        typer.Option("--work", metavar="DIR", help="Keep the state of all runs here, and go on from what is there."),
    ] = None,
    ship: options.SHIP = WHOLE,
    seed: options.SEED = 0,
    bundle: options.BUNDLE_OUT = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Tune the encoder's weights on a few labels, judged on held-out rows beside frozen vectors; needs torch.

    Example: modicum tune tickets.csv --text message --label intent --budget 10m --out intents
    """
    folder = options.bundle_place(bundle, table)
    tuning = TuneSettings(True, method, objective, steps, batch, rate, device, work, ship)
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
        kept = "the same call with the same --work goes on where this one stopped"
        complain(f"interrupted; {kept if work else 'nothing is kept of it, as --work DIR would have done'}")
        raise typer.Exit(130) from None
    tell(result.report, folder, json)
