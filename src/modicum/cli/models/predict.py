"""`modicum predict`: a bundle answers for the rows of a table, chunk by chunk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, print_json, tell_written


def predict(
    bundle: options.BUNDLE,
    table: options.TABLE,
    text: options.TEXT = None,
    image: options.IMAGE = None,
    id: options.ID = None,
    vectors: options.VECTORS = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="csv, jsonl or parquet, by the ending; default CSV to standard output."
        ),
    ] = None,
    executor: options.EXECUTOR = "local",
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Predict classes, calibrated probabilities and prediction sets for the rows of a table.

    Written to a file, a run that was killed goes on from the parts that are done when the same command is given again.

    Example: modicum predict intents new.csv --out answers.parquet
    """
    where = modicum.workspace.Where(executor, threads)
    options.check_tables(table, vectors, out=file)
    with bars() as progress:
        if file and vectors is None and not json and modicum.data.is_file_of_rows(table):
            rows = modicum.workspace.predict_file(
                bundle, table, file, text=text, image=image, id=id, where=where, progress=progress
            )
            tell_written(rows, "row", file)
            return
        where.refuse_cluster("needs texts in a file that can be read again, and --out FILE")
        done = modicum.workspace.predict_stream(
            bundle, table, text=text, image=image, id=id, vectors=vectors, threads=threads, progress=progress
        )
        if json:
            print_json([dict(zip(part, row, strict=True)) for part in done for row in zip(*part.values(), strict=True)])
            return
        rows = modicum.data.write_stream(done, file or sys.stdout)
    if file:
        tell_written(rows, "row", file)
