"""Answers as columns: the shape in which predictions are handed out."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.data.read import is_images, read, stream
from modicum.encoders import read_vectors
from modicum.workspace.bundle import Answers, Bundle, load

TEXTS, IMAGES = 20_000, 2_000
"""Rows answered at a time."""


def prediction_columns(table: Table, answers: Answers, classes: Sequence[str]) -> dict[str, Sequence[Any]]:
    """The row's id, the answer's columns, then the input's; an input column of such a name is kept as `input_NAME`."""
    own = {"id": list(table.ids), **answers.columns(classes)}
    columns: dict[str, Sequence[Any]] = dict(own)
    for name, values in table.columns.items():
        if name == "id" and list(map(str, values)) == list(table.ids):
            continue
        columns[f"input_{name}" if name in own else name] = values
    return columns


def to_parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), buffer)
    return buffer.getvalue()


def _item_column(bundle: Bundle, source: str, text: str | None, image: str | None) -> dict[str, str | None]:
    """The option of `read` that names the items, and the column."""
    if bundle.kind == "images":
        if text is not None:
            raise InputError("this bundle was made from images; name their column with --image, not with --text")
        return {"image": image if is_images(source) else image or bundle.text_column}
    if image is not None or is_images(source):
        raise InputError("this bundle was made from texts, not from images; give a table of texts")
    return {"text": text or bundle.text_column}


def predict_stream(
    path: str | Path,
    source: str,
    *,
    text: str | None = None,
    image: str | None = None,
    id: str | None = None,
    vectors: Path | None = None,
    threads: int | None = None,
    progress: Progress = silent,
) -> Iterator[dict[str, Sequence[Any]]]:
    """Answer for a table chunk by chunk, so that tables larger than memory pass through.

    Yields:
        Columns of one chunk, as `prediction_columns` has them.
    """
    bundle = load(path)
    columns = _item_column(bundle, source, text, image)
    if vectors is not None:
        table = read(source, **columns, id=id)
        given = read_vectors(vectors, len(table), table.ids)
        yield prediction_columns(table, bundle.predict(vectors=given), bundle.classes)
        return
    encoder, done = bundle.find_encoder(threads), 0
    static = bundle.find_static(encoder)
    for table in stream(source, **columns, id=id, chunk_rows=IMAGES if bundle.kind == "images" else TEXTS):
        answers = bundle.predict(table.content, encoder=encoder, static=static)
        done += len(table)
        progress("predict", done, done)
        yield prediction_columns(table, answers, bundle.classes)
