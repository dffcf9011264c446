"""`modicum fit`: climb the ladder on a table and write the bundle."""

from __future__ import annotations

from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars
from modicum.cli.outcome import tell
from modicum.core.errors import InputError
from modicum.workspace.tuning.settings import WHOLE, TuneSettings


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
        typer.Option("--group", metavar="COL", help="Column of groups: rows of one stay on one side of a split."),
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COL", help="Column of times: splits train on the past only.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            metavar="COL",
            help="Column of splits (train, test): labels of test rows are kept back, and figures measured on them.",
        ),
    ] = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    encoder_mode: options.ENCODER_MODE = "auto",
    budget: options.BUDGET = "30s",
    alpha: Annotated[
        float, typer.Option("--alpha", metavar="RATE", help="Share of prediction sets that may miss the truth.")
    ] = 0.1,
    sets: Annotated[
        str,
        typer.Option("--sets", metavar="KIND", help="Prediction sets: lac, aps or raps, each also with -per-class."),
    ] = "lac",
    unknown: Annotated[
        float | None,
        typer.Option(
            "--unknown",
            metavar="RATE",
            help="Mark rows of none of the classes, with this share of false alarms, such as 0.05.",
        ),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option("--tolerance", metavar="RATE", help="Expected loss of accuracy accepted for a cheaper recipe."),
    ] = 0.005,
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Learn from corrected labels where many are probably wrong.")
    ] = True,
    shift: Annotated[
        bool, typer.Option("--shift/--no-shift", help="Correct for class shares of unlabelled rows where it gains.")
    ] = True,
    tune: Annotated[
        bool | None,
        typer.Option(
            "--tune/--no-tune", help="Tune the encoder's weights; default where the budget allows and it gains."
        ),
    ] = None,
    ship: options.SHIP = WHOLE,
    seed: options.SEED = 0,
    bundle: options.BUNDLE_OUT = None,
    index: Annotated[
        bool, typer.Option("--index", help="Keep the vectors of the rows, so that modicum serve can search them.")
    ] = False,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Make a calibrated task model from a table with a few labels.

    Example: modicum fit tickets.csv --text message --label intent --budget 60s --out intents
    """
    folder = options.bundle_place(bundle, table)
    if index and (image or vectors or modicum.data.is_images(table)):
        raise InputError("--index needs an encoder of texts; leave it out with images and with --vectors")
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
            split=split,
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
            tuning=TuneSettings(wanted=tune, ship=ship),
        )
        result.save(folder, index=index)
    tell(result.report, folder, json)
