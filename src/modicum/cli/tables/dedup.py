"""`modicum dedup`: a table without its copies, what each copy is a copy of, and an index for the tables to come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, err, out, print_json, print_table
from modicum.core.files import check_file_place
from modicum.core.texts import counted, shortened

SHOWN, LETTERS = 20, 60


def dedup(
    table: options.TABLE,
    text: options.TEXT = None,
    image: options.IMAGE = None,
    label: options.LABEL = None,
    id: options.ID = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="WAY",
            help="text (equal, misspelt, reordered, cut off, or nearly all letters in common), vectors (also in other "
            "words), or both.",
        ),
    ] = "text",
    keep: Annotated[
        str, typer.Option("--keep", metavar="RULE", help="Which row of a group stays: first, longest or labelled.")
    ] = "first",
    cosine: Annotated[
        float, typer.Option("--cosine", metavar="C", help="Least cosine of copies by vectors, 0 to 1.")
    ] = 0.95,
    split: options.COPIES_ACROSS = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="INDEX", help="Rows seen before, as --index wrote them: copies of them go, too."
        ),
    ] = None,
    index: Annotated[
        Path | None,
        typer.Option("--index", metavar="FILE", help="Write the rows that stay (and those of --against) as an index."),
    ] = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The table without copies as csv, jsonl or parquet, by the ending."),
    ] = None,
    copies: Annotated[
        Path | None, typer.Option("--copies", metavar="FILE", help="The copies, and what each is a copy of.")
    ] = None,
    json: options.JSON = False,
) -> None:
    """List the copies in a table, and write it without them. The table itself is never changed.

    Example: modicum dedup tickets.csv --text message --out distinct.csv
    """
    options.check_tables(table, vectors, against, out=file, copies=copies)
    if index:
        check_file_place(index, "--index")
        options.check_apart(index, "--index", table, vectors)
    with bars() as progress:
        before = modicum.data.dedup.load_index(against) if against else None
        items = modicum.read(table, text=text, image=image, label=label, id=id)
        found = modicum.workspace.dedup(
            items,
            by=by,
            keep=keep,
            against=before,
            cosine=cosine,
            source=modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else encoder,
            split=split,
            progress=progress,
        )
    if index:
        found.index(before).save(index)
    if file:
        modicum.data.write_table(file, found.rest())
    if copies:
        modicum.data.write_table(copies, found.columns())
    if json:
        print_json(found.to_dict())
    else:
        _show(found, written=file is not None)
    for place, what in ((file, "rows that stay"), (copies, "copies"), (index, "index")):
        if place:
            err().print(f"{what} written to {place}", soft_wrap=True, markup=False)


def _show(found: Any, *, written: bool) -> None:
    console, facts = out(), found.to_dict()
    size = f"{counted(facts['rows'], 'row')}, {counted(facts['copies'], 'copy', 'copies')}"
    stay = counted(facts["kept"], "row stays", "rows stay")
    console.print(escape(f"{facts['source']}: {size}; {stay}."), soft_wrap=True)
    if facts["copies_of_stored_rows"]:
        stored = counted(facts["copies_of_stored_rows"], "row is a copy", "rows are copies")
        console.print(f"{stored} of rows of the index.", soft_wrap=True)
    if facts["copies_across_splits"]:
        across = counted(len(facts["copies_across_splits"]), "row has", "rows have")
        console.print(f"{across} a copy in another split: figures flatter.", soft_wrap=True)
    rows = [_row(one) for one in facts["found"][:SHOWN]]
    if rows:
        more = f", the first {SHOWN} of {facts['copies']:,}" if facts["copies"] > SHOWN else ""
        print_table(rows, title=f"\nCopies{more}", right=("row",))
    if rows and not written:
        console.print("\nThe table is as it was; --out FILE writes it without them.", soft_wrap=True)


def _row(one: dict[str, Any]) -> dict[str, str]:
    of = f"{one['copy_of']} of the index" if one["where"] == "index" else one["copy_of"]
    return {
        "row": str(one["row"]),
        "id": one["id"],
        "copy of": of,
        "how": one["how"],
        "text": shortened(one["text"], LETTERS),
    }
