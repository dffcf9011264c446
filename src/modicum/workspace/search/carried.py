"""What a bundle carries of the table it was made on: answers to hold later ones against, and rows to search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.encoders import encode, read_vectors
from modicum.workspace.bundle import INDEX, TABLE, Bundle
from modicum.workspace.search.columns import read_columns
from modicum.workspace.search.opening import open_search
from modicum.workspace.search.searcher import Searcher

ANSWERS = ("prediction", "unknown")
OWN = ("id", "prediction", "probability", "prediction_set", "unknown")
"""Columns of a bundle's predictions that are not of the table."""


def index_vectors(bundle: Bundle, table: Table) -> NDArray[Any]:
    """Vectors (N, D) of a table's texts, by the encoder of the bundle that was made on it.

    Raises:
        InputError: The rows are images, or the vectors were precomputed, so that no query could be encoded.
    """
    check_texts(bundle)
    return encode(table.texts, bundle.find_encoder())


def check_texts(bundle: Bundle) -> None:
    """Refuse a bundle that cannot answer for texts.

    Raises:
        InputError: It was made from images or from precomputed vectors.
    """
    if bundle.kind == "images":
        raise InputError("this bundle was made from images; a service answers for texts: use modicum predict")
    if bundle.encoder.name == "precomputed":
        raise InputError(
            "this bundle was made from precomputed vectors, and has no encoder for texts; fit it with --encoder"
        )


def carried_answers(folder: Path) -> dict[str, list[Any]]:
    """Predictions for the rows of the table, and whether they are of no class; empty where the bundle has none."""
    if not (folder / TABLE).is_file():
        return {}
    columns: dict[str, list[Any]] = read_columns(folder / TABLE, ANSWERS).to_pydict()
    return columns


def carries_index(folder: Path) -> bool:
    """Whether the bundle in a folder holds the rows of its table with their vectors."""
    return (folder / INDEX).is_file() and (folder / TABLE).is_file()


def carried_search(folder: Path, bundle: Bundle, encoder: Encoder) -> Searcher | None:
    """A search among the rows of the table; None where the bundle carries no index.

    Raises:
        InputError: Rows and vectors do not fit, or a column holds what is no text.
    """
    if not carries_index(folder):
        return None
    column = bundle.text_column or "text"
    names = [f"input_input_{column}", f"input_{column}", column] if column in OWN else [column, f"input_{column}"]
    rows = read_columns(folder / TABLE, ("id", *names))
    named = next((name for name in names if name in rows.column_names), column)
    if "id" not in rows.column_names or named not in rows.column_names:
        raise InputError(f"{folder / TABLE} lacks the column {named!r} or 'id'; fit again with --index")
    texts = tuple(text or "" for text in _written(rows, named, folder / TABLE))
    ids = tuple(_written(rows, "id", folder / TABLE))
    table = Table(ids, texts, (None,) * len(ids), str(folder.name), text_column=column)
    return open_search(table, encoder=encoder, vectors=read_vectors(folder / INDEX, len(table)))


def _written(rows: pa.Table, name: str, file: Path) -> list[str]:
    """The cells of a column as texts."""
    column = rows.column(name)
    try:
        cells: list[str] = column.cast(pa.string()).to_pylist()
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(
            f"{file}: column {name!r} cannot be read as texts ({str(column.type)[:40]}); fit again with --index"
        ) from error
    return cells
