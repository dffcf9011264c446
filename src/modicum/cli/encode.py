"""`modicum encode`: the vectors of a table's texts or images, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, print_json


def encode(
    table: options.TABLE,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="npy or parquet, by the ending.")],
    text: options.TEXT = None,
    image: options.IMAGE = None,
    id: options.ID = None,
    encoder: options.ENCODER = None,
    encoder_mode: options.ENCODER_MODE = "exact",
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Encode the texts or images of a table; those met before come from the cache.

    Example: modicum encode tickets.csv --text message --out vectors.npy
    """
    with bars() as progress:
        items = modicum.read(table, text=text, image=image, id=id)
        found = modicum.encoders.encoder_for(items, encoder, threads=threads, mode=encoder_mode)
        vectors = modicum.encoders.encode_table(items, found, progress=progress)
        modicum.encoders.write_vectors(file, vectors, items.ids)
    if json:
        print_json({"file": str(file), "rows": len(vectors), "dimension": found.dimension, "encoder": found.name})
    else:
        err().print(f"{len(vectors):,} vectors of {found.dimension} numbers written to {file}", soft_wrap=True)
