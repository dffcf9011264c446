"""`modicum select`: rows of a pool that are worth having, with their weights."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, print_json, tell_written

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


def select(
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="Table to choose from; by n-grams it may be larger than memory.")
    ],
    keep: Annotated[int, typer.Option("--keep", metavar="N", help="Rows wanted.")],
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="Table of rows that the choice should be like.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="WAY",
            help="ngrams (worded as the target), quality (most like the target) or nearest (near all of it); without a "
            "target diverse (from all clusters) or bins (typical and rare rows alike).",
        ),
    ] = "ngrams",
    text: options.TEXT = None,
    id: options.ID = None,
    vectors: options.VECTORS = None,
    target_vectors: Annotated[
        Path | None, typer.Option("--target-vectors", metavar="FILE", help="Precomputed vectors of the target.")
    ] = None,
    encoder: options.ENCODER = None,
    seed: options.SEED = 0,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The chosen rows as csv, jsonl or parquet; default CSV."),
    ] = None,
    executor: options.EXECUTOR = "local",
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Choose rows of a pool. Each comes with its weight and its score; the pool itself is never changed.

    By n-grams and written to a file, all cores are used, or a cluster, and a run that was killed goes on from the parts
    that are done when the same command is given again.

    Example: modicum select crawl.jsonl --text body --target tickets.csv --keep 10000 --out chosen.jsonl
    """
    where = modicum.workspace.Where(executor, threads)
    options.check_tables(pool, target, vectors, target_vectors, out=file)
    with bars() as progress:
        wanted = modicum.read(target, text=text) if target else None
        rows = modicum.workspace.Pool(pool, text, id)
        if file and wanted and by == "ngrams" and modicum.data.is_file_of_rows(pool):
            found = modicum.workspace.select_file(
                rows, keep, file, target=wanted, seed=seed, where=where, progress=progress
            )
        else:
            where.refuse_cluster("needs a pool in a file, --target, --by ngrams and --out FILE")
            source = _source(rows, wanted, vectors, target_vectors, encoder)
            found = modicum.workspace.select(
                rows, keep, target=wanted, by=by, source=source, seed=seed, progress=progress
            )
            if file:
                modicum.data.write_stream(found.chosen(), file)
    if json:
        print_json(found.to_dict())
    elif not file:
        modicum.data.write_stream(found.chosen(), sys.stdout)
    if "kl_reduction" in found.selection.facts:
        gain, size = (found.selection.facts[name] for name in ("kl_reduction", "rows"))
        side = "nearer to" if gain > 0 else "farther from"
        err().print(
            f"The choice is {abs(gain):.3f} nats {side} the target than the pool of {size:,} rows.", soft_wrap=True
        )
    if file:
        tell_written(len(found.selection.rows), "row", file)


def _source(
    rows: Any, wanted: Any, vectors: Path | None, target_vectors: Path | None, encoder: str | None
) -> str | tuple[Floats, Floats | None] | None:
    """Where vectors come from: the files that were named, else an encoder."""
    if vectors is None:
        return encoder
    near = None
    if target_vectors and wanted:
        near = modicum.encoders.read_vectors(target_vectors, len(wanted), wanted.ids)
    items = rows.whole()
    return modicum.encoders.read_vectors(vectors, len(items), items.ids), near
