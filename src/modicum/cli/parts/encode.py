"""`modicum encode`: the vectors of a table's texts or images, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, print_json
from modicum.core.files import check_file_place
from modicum.core.texts import counted


def encode(
    table: options.TABLE,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="npy or parquet, by the ending.")],
    text: options.TEXT = None,
    image: options.IMAGE = None,
    id: options.ID = None,
    encoder: options.ENCODER = None,
    encoder_mode: options.ENCODER_MODE = "exact",
    executor: options.EXECUTOR = "local",
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Encode the texts or images of a table; those met before come from the cache, unless there are very many.

    A run that was killed goes on from the parts that are done when the same command is given again.

    Example: modicum encode tickets.csv --text message --out vectors.npy
    """
    where = modicum.workspace.Where(executor, threads)
    check_file_place(modicum.encoders.check_ending(file))
    options.check_apart(file, "--out", table)
    with bars() as progress:
        if image is None and modicum.data.is_file_of_rows(table) and modicum.workspace.encodes_apart(encoder):
            done = modicum.workspace.encode_file(
                table, file, encoder=encoder, mode=encoder_mode, text=text, id=id, where=where, progress=progress
            )
            rows, dimension, name = done.rows, done.dimension, done.encoder
        else:
            where.refuse_cluster("needs texts in a file, and an encoder that is not fitted on them")
            items = modicum.read(table, text=text, image=image, id=id)
            found = modicum.encoders.encoder_for(items, encoder, threads=threads, mode=encoder_mode)
            vectors = modicum.encoders.encode_table(items, found, progress=progress)
            modicum.encoders.write_vectors(file, vectors, items.ids)
            rows, dimension, name = len(vectors), found.dimension, found.name
    if json:
        print_json({"file": str(file), "rows": rows, "dimension": dimension, "encoder": name})
    else:
        told = (
            f"{counted(rows, 'vector')} of {counted(dimension, 'number')} written to {file}; use them: "
            f"modicum fit TABLE --vectors {file}"
        )
        err().print(told, soft_wrap=True, markup=False)
