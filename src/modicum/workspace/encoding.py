"""The vectors of a file's texts as a file, partition by partition: on all cores or on a cluster; killed runs go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.data.read import Partition, partitions
from modicum.data.write import join_tables
from modicum.encoders import check_vectors_file, encode, join_vectors, load_encoder, vectors_part
from modicum.workspace.executors import Sizes, Where, peeked, run_partitions
from modicum.workspace.partitioned import input_facts, is_cached, make_static

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
