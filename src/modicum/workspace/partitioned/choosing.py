"""Rows of a file chosen by their n-grams, partition by partition: on all cores or on a cluster; killed runs go on.

Workers count the n-grams of a partition, and weigh its rows once all are counted; the process that reads them adds up,
and draws. Its noise is drawn in the order of the rows, so that the choice is that of one process, row for row.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress, silent
from modicum.core.records import Table
from modicum.data.read import Partition, partitions
from modicum.data.select import Importance, draw_rows, ngram_counts
from modicum.data.select.selection import check_keep
from modicum.data.write import write_stream
from modicum.data.write.tables import writer_of
from modicum.workspace.executors import Sizes, Where, Work, peeked, run_partitions
from modicum.workspace.partitioned.facts import input_facts
from modicum.workspace.rows import Pool, Selected
from modicum.workspace.rows.select import NGRAMS

HERE = Where()
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counting:
    """Occurrences of each bucket in a partition, and behind them the number of its rows, as the bytes of an array."""

    def open(self, threads: int | None) -> Callable[[Partition], bytes]:
        """There is nothing to make ready."""
        return lambda part: _packed(np.append(ngram_counts([part.table().texts]), part.rows))


@dataclass(frozen=True, eq=False)
class Weighing:
    """Log importance weights of a partition's rows, as the bytes of an array."""

    model: Importance

    def open(self, threads: int | None) -> Callable[[Partition], bytes]:
        """There is nothing to make ready."""
        return lambda part: _packed(self.model.log_weights(part.table().texts))


def select_file(
    pool: Pool,
    keep: int,
    out: str | Path,
    *,
    target: Table,
    seed: int = 0,
    where: Where = HERE,
    progress: Progress = silent,
) -> Selected:
    """Choose rows of a file by n-grams, as `select` does, and write them; the choice is the same row for row.

    Args:
        pool: The file.
        keep: Rows wanted.
        out: The file to write; csv, jsonl or parquet, by the ending. Parts lie beside it until it is whole.
        target: Rows that the choice should be like.
        seed: Of the draw.
        where: On which cores rows are counted and weighed.
        progress: Called with the stages `count` and `weigh`, and the rows done.

    Raises:
        InputError: As `select`; or the cluster is not to be had, or parts of another run lie there.
    """
    writer_of(Path(out))  # refuses an unknown ending before any work is done
    run = _Choice(pool, check_keep(keep), Path(out), ngram_counts([target.texts]), seed, where, progress)
    run.work("count", Counting(), {}, run.weigh)
    return run.found[0]


@dataclass(frozen=True, eq=False)
class _Choice:
    """A choice on its way.

    What is counted is joined by weighing, and the weights by drawing and writing: the parts of both stay until the
    file is there, so that a run that is killed at any moment goes on.
    """

    pool: Pool
    keep: int
    out: Path
    wanted: Ints
    seed: int
    where: Where
    progress: Progress
    found: list[Selected] = field(default_factory=list)

    def work(
        self,
        stage: str,
        work: Work[Partition, bytes],
        facts: Mapping[str, Any],
        join: Callable[[Sequence[Path], Path], None],
    ) -> None:
        """Read the pool once, and give its partitions to workers."""
        sizes, columns = Sizes(), {"text": self.pool.text, "id": self.pool.id}
        parts, many = peeked(partitions(self.pool.source, sizes, **columns))
        run_partitions(
            self.out.with_name(f"{self.out.name}.{stage}.npy"),
            parts,
            work,
            facts={**input_facts(self.pool.source, columns, sizes), **facts},
            workers=self.where.workers(many=many),
            join=join,
            progress=lambda _, done, total: self.progress(stage, done, total),
        )

    def weigh(self, counts: Sequence[Path], _: Path) -> None:
        """Add up what was counted, and have all rows weighed."""
        total = sum(_arrays(counts), np.zeros(len(self.wanted) + 1, dtype=np.int64))
        check_keep(self.keep, int(total[-1]))
        model = Importance.of(total[:-1], self.wanted)
        facts = {"target": sha256(self.wanted.tobytes()).hexdigest()}
        self.work("weigh", Weighing(model), facts, partial(self.draw, model))

    def draw(self, model: Importance, weights: Sequence[Path], _: Path) -> None:
        """Draw rows, and write them."""
        drawn = draw_rows(_arrays(weights), self.keep, self.texts, model, rng=np.random.default_rng(self.seed))
        self.found.append(Selected(str(self.pool.source), NGRAMS, drawn, self.pool.parts))
        write_stream(self.found[0].chosen(), self.out)

    def texts(self) -> Iterator[tuple[str, ...]]:
        """The texts of the pool, in chunks."""
        return (part.texts for part in self.pool.parts())


def _arrays(parts: Sequence[Path]) -> Iterator[NDArray[Any]]:
    return (np.load(part, allow_pickle=False) for part in parts)


def _packed(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()
