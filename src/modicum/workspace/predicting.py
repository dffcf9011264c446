"""Answers as columns: the shape in which predictions are handed out."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.data.read import Partition, is_images, partitions, read, stream
from modicum.data.write import join_tables, table_part
from modicum.encoders import read_vectors
from modicum.workspace.bundle import Answers, Bundle
from modicum.workspace.executors import Sizes, Where, peeked, run_partitions
from modicum.workspace.partitioned.facts import input_facts, is_cached, make_static
from modicum.workspace.receiving.loading import load

TEXTS, IMAGES = 20_000, 2_000
"""Rows answered at a time."""
HERE = Where()


def prediction_columns(table: Table, answers: Answers, classes: Sequence[str]) -> dict[str, Sequence[Any]]:
    """The row's id, the answer's columns, then the input's; an input column of such a name is kept as `input_NAME`."""
    own = {"id": list(table.ids), **answers.columns(classes)}
    columns: dict[str, Sequence[Any]] = dict(own)
    for name, values in table.columns.items():
        if name == "id" and list(map(str, values)) == list(table.ids):
            continue
        columns[table.kept_as(name, own)] = values
    return columns


def to_parquet(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Columns as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values) for name, values in columns.items()}), buffer)
    return buffer.getvalue()


def _item_column(bundle: Bundle, source: str, text: str | None, image: str | None) -> dict[str, Any]:
    """The option of `read` that names the items, and the column."""
    if bundle.kind == "images":
        if text is not None:
            raise InputError("this bundle was made from images; name their column with --image, not with --text")
        return {"image": image if is_images(source) else image or bundle.text_column}
    if image is not None or is_images(source):
        raise InputError("this bundle was made from texts, not from images; give a table of texts")
    return {"text": text or bundle.text_column}


@dataclass(frozen=True, eq=False)
class Predicting:
    """Answers for a partition, as a part of the file that they are written to."""

    bundle: Bundle
    out: Path
    cache: bool

    def open(self, threads: int | None) -> Callable[[Partition], bytes]:
        """Find the bundle's encoder and answer with it."""
        encoder = self.bundle.find_encoder(threads)
        static = self.bundle.find_static(encoder)

        def answer(part: Partition) -> bytes:
            table = part.table()
            answers = self.bundle.predict(table.content, encoder=encoder, static=static, cache=self.cache)
            return table_part(self.out, prediction_columns(table, answers, self.bundle.classes))

        return answer


def predict_file(
    path: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    text: str | None = None,
    image: str | None = None,
    id: str | None = None,
    where: Where = HERE,
    progress: Progress = silent,
) -> int:
    """Answer for a file of rows partition by partition, on all cores or on a cluster; killed runs go on.

    Args:
        path: The bundle's folder.
        source: A file as for `read`.
        out: The file to write; csv, jsonl or parquet, by the ending. Parts lie beside it until it is whole.
        text: Column of texts; default that of the bundle.
        image: Column of image files.
        id: Column of unique ids.
        where: On which cores it is done.
        progress: Called with the stage `rows` and the rows done.

    Returns:
        The number of rows.

    Raises:
        InputError: As `predict_stream`; or the cluster is not to be had, or parts of another run lie there.
    """
    bundle, target, local = load(path), Path(out), where.local
    named = _item_column(bundle, str(source), text, image)
    images = bundle.kind == "images"
    if images:
        where.refuse_cluster("is for tables of texts; answer for images on the machine where the files are")
    sizes = Sizes(max(1, IMAGES // 20), IMAGES) if images else Sizes()
    parts, many = peeked(partitions(source, sizes, **named, id=id))
    facts = input_facts(source, {**named, "id": id}, sizes) | {"bundle": bundle.digest}
    if local and many and not images:
        make_static(bundle.find_encoder(where.threads))
    work = Predicting(bundle, target, cache=local and is_cached(source))
    workers = where.workers(many=many and not images)
    return run_partitions(target, parts, work, facts=facts, workers=workers, join=join_tables, progress=progress)


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

    Args:
        path: The bundle's folder.
        source: A file or table as for `read`.
        text: Column of texts; default that of the bundle.
        image: Column of image files.
        id: Column of unique ids.
        vectors: File of precomputed vectors, one per row; then the whole table is read at once.
        threads: Cores to encode with; default those available.
        progress: Called with the stage `predict` and the rows done.

    Yields:
        Columns of one chunk, as `prediction_columns` has them.

    Raises:
        InputError: The bundle, the table or the vectors cannot be read or do not fit each other, or the bundle's
            encoder is not to be had; raised when the first chunk is asked for, or where a row cannot be read.
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
    for table in stream(
        source,
        text=columns.get("text"),
        image=columns.get("image"),
        id=id,
        chunk_rows=IMAGES if bundle.kind == "images" else TEXTS,
    ):
        stored = table.stored
        if stored is not None and stored.fingerprint == encoder.fingerprint and static is None:
            answers = bundle.predict(vectors=stored.read())
        else:
            answers = bundle.predict(table.content, encoder=encoder, static=static)
        done += len(table)
        progress("predict", done, done)
        yield prediction_columns(table, answers, bundle.classes)
