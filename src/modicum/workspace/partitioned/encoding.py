"""The vectors of a file's texts as a file, partition by partition: on all cores or on a cluster; killed runs go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.data.read import Partition, partitions
from modicum.data.write import join_tables
from modicum.encoders import check_ending, encode, join_npy, load_encoder, vectors_part
from modicum.encoders.images import is_image_name
from modicum.encoders.provision import HASHED, NotFound, find
from modicum.workspace.executors import Sizes, Where, peeked, run_partitions
from modicum.workspace.partitioned.facts import input_facts, is_cached, make_static

HERE = Where()


@dataclass(frozen=True)
class Encoding:
    """Vectors of a partition, as a part of the file that they are written to."""

    out: Path
    encoder: str | None
    mode: str
    fingerprint: str
    cache: bool

    def open(self, threads: int | None) -> Callable[[Partition], bytes]:
        """Find the encoder by its name; it must be the one that the run began with."""
        encoder = load_encoder(self.encoder, threads=threads, mode=self.mode)
        if encoder.fingerprint != self.fingerprint:
            raise InputError(
                f"a worker found encoder {encoder.name} {encoder.fingerprint[:12]} where the run has "
                f"{self.fingerprint[:12]}; install the same weights on every node"
            )

        def answer(part: Partition) -> bytes:
            table = part.table()
            return vectors_part(self.out, encode(table.texts, encoder, cache=self.cache), table.ids)

        return answer


@dataclass(frozen=True)
class Encoded:
    """What was written."""

    rows: int
    dimension: int
    encoder: str


def encodes_apart(encoder: str | None) -> bool:
    """Whether an encoder of texts can be found before they are read, so that rows are encoded apart."""
    if encoder is not None:
        return encoder != HASHED and not is_image_name(encoder)
    try:
        find()
    except NotFound:  # the hashed one stands in
        return False
    return True


def encode_file(
    source: str | Path,
    out: str | Path,
    *,
    encoder: str | None = None,
    mode: str = "exact",
    text: str | None = None,
    id: str | None = None,
    where: Where = HERE,
    progress: Progress = silent,
) -> Encoded:
    """Write the vectors of a file's texts.

    Args:
        source: A file as for `read`.
        out: The file to write, `.npy` or `.parquet`. Parts lie beside it until it is whole.
        encoder: Name or folder; default all-MiniLM-L6-v2. The hashed one is none: it has to see all texts first.
        mode: `exact`, `fast` or `static`.
        text: Column of texts.
        id: Column of unique ids.
        where: On which cores it is done.
        progress: Called with the stage `rows` and the rows done.

    Raises:
        InputError: The table cannot be read, there is no such encoder, the cluster is not to be had, or parts of
            another run lie there.
    """
    target, sizes = check_ending(out), Sizes()
    found = load_encoder(encoder, threads=where.threads, mode=mode)
    columns = {"text": text, "id": id}
    parts, many = peeked(partitions(source, sizes, text=text, id=id))
    if where.local and many:
        make_static(found)
    facts = input_facts(source, columns, sizes) | {"encoder": found.fingerprint}
    work = Encoding(target, encoder, mode, found.fingerprint, cache=where.local and is_cached(source))
    join = join_npy if target.suffix.lower() == ".npy" else join_tables
    workers = where.workers(many=many)
    rows = run_partitions(target, parts, work, facts=facts, workers=workers, join=join, progress=progress)
    return Encoded(rows, found.dimension, found.name)
