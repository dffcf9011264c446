"""Every row of a file put into kept topics, partition by partition: on all cores or on a cluster; killed runs go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.read import Partition, partitions
from modicum.data.write import join_tables, table_part
from modicum.encoders import encode
from modicum.workspace.executors import Sizes, Where, peeked, run_partitions
from modicum.workspace.partitioned.facts import input_facts, is_cached, make_static
from modicum.workspace.topics import TopicState, load_topics
from modicum.workspace.topics.finding import kept_encoder
from modicum.workspace.topics.folder import row_columns
from modicum.workspace.topics.state import COLUMNS

HERE = Where()


@dataclass(frozen=True, eq=False)
class Placing:
    """Topics of a partition's rows, as a part of the file that they are written to."""

    state: TopicState
    encoder: str | None
    out: Path
    cache: bool

    def find_encoder(self, threads: int | None) -> Encoder:
        """The encoder that the topics were made with."""
        return kept_encoder(self.state, self.encoder, threads=threads)

    def open(self, threads: int | None) -> Callable[[Partition], bytes]:
        """Find the encoder and place rows with it."""
        encoder = self.find_encoder(threads)

        def answer(part: Partition) -> bytes:
            table = part.table()
            X = encode(table.texts, encoder, cache=self.cache)
            codes, place = self.state.place(table.texts, X)
            far = (place.distance > self.state.far_from) & (codes >= 0)
            return table_part(self.out, row_columns(table, self.state.topics, codes, place, far))

        return answer


def place_file(
    folder: str | Path,
    source: str | Path,
    out: str | Path,
    *,
    encoder: str | None = None,
    text: str | None = None,
    id: str | None = None,
    where: Where = HERE,
    progress: Progress = silent,
) -> int:
    """Put the rows of a file into the topics that an earlier run kept; no topic is found, changed or named.

    Args:
        folder: Of the topics, as `save_topics` wrote it.
        source: A file as for `read`.
        out: The file to write, with the columns of the folder's `rows.csv`; csv, jsonl or parquet, by the ending. Parts
            lie beside it until it is whole.
        encoder: Name or folder; default the one that the topics name.
        text: Column of texts.
        id: Column of unique ids.
        where: On which cores it is done.
        progress: Called with the stage `rows` and the rows done.

    Returns:
        The number of rows.

    Raises:
        InputError: There are no topics, or they are of another encoder; the table cannot be read, the cluster is not to
            be had, or parts of another run lie there.
    """
    sizes, columns = Sizes(), {"text": text, "id": id}
    state, target = load_topics(folder), Path(out)
    if target.resolve().is_relative_to(Path(folder).resolve()):
        raise InputError(f"{target} lies in the folder of the topics, which a later run replaces; write it elsewhere")
    parts, many = peeked(partitions(source, sizes, **columns))
    work = Placing(state, encoder, target, cache=where.local and is_cached(source))
    found = work.find_encoder(where.threads)
    if where.local and many:
        make_static(found)
    facts = input_facts(source, columns, sizes) | {"topics": _digest(state)}
    workers = where.workers(many=many)
    return run_partitions(target, parts, work, facts=facts, workers=workers, join=join_tables, progress=progress)


def _digest(state: TopicState) -> str:
    """Digest of all that decides what is written of a row."""
    told = [f"{state.encoder.fingerprint} {state.far_from!r} {state.kept.scale!r}"]
    told += [f"{topic.id} {topic.name!r}" for topic in state.topics]
    digest = sha256("\n".join(told).encode())
    for name in COLUMNS:
        digest.update(np.ascontiguousarray(getattr(state.kept, name)).tobytes())
    return digest.hexdigest()
