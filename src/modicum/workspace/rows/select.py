"""Rows chosen from a pool, for a target or for their variety; pools larger than memory are read in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.data import select as choices
from modicum.data.read import is_pipe, read, stream
from modicum.data.select import Selection
from modicum.encoders import encode_table, encoder_for

NGRAMS = "ngrams"
Floats = NDArray[np.floating]
Rng = np.random.Generator

TARGETED: Mapping[str, Callable[[Floats, Floats, int, Rng], Selection]] = MappingProxyType(
    {
        "quality": lambda X, target, keep, rng: choices.quality_filter(X, target, keep, rng=rng),
        "nearest": lambda X, target, keep, rng: choices.nearest_coreset(X, target, keep, rng=rng),
    }
)
UNTARGETED: Mapping[str, Callable[[Floats, int, Rng], Selection]] = MappingProxyType(
    {
        "diverse": lambda X, keep, rng: choices.diverse_sample(X, keep, rng=rng),
        "bins": lambda X, keep, rng: choices.quantize(X, keep, bins=min(10, len(X)), rng=rng),
    }
)
METHODS = (NGRAMS, *TARGETED, *UNTARGETED)


@dataclass(frozen=True)
class Pool:
    """A file of rows, read as often as is needed and never held."""

    source: str | Path
    text: str | None = None
    """Column of the texts, where it is not plain."""
    id: str | None = None
    """Column of unique ids."""

    def parts(self) -> Iterable[Table]:
        """Read the rows in chunks.

        Raises:
            InputError: The file is a pipe, or cannot be read.
        """
        if str(self.source) == "-" or is_pipe(Path(self.source)):
            raise InputError("a pool is read several times, and a pipe only once; write it to a file first")
        return stream(self.source, text=self.text, id=self.id)

    def whole(self) -> Table:
        """Read all rows."""
        return read(self.source, text=self.text, id=self.id)


@dataclass(frozen=True, eq=False)
class Selected:
    """The choice; the pool is as it was. Rows are numbered from 0."""

    source: str
    by: str
    selection: Selection
    tables: Callable[[], Iterable[Table]]
    """Reads the pool again, in chunks."""

    def chosen(self) -> Iterator[dict[str, list[Any]]]:
        """The chosen rows' own columns, with `weight` and `score`, chunk by chunk."""
        for part, own, at in self._parts():
            if not len(own):  # columns without a value would have no kind
                continue
            columns = part.columns or {"id": part.ids, part.text_column: part.texts}
            kept = {name: [values[row] for row in own.tolist()] for name, values in columns.items()}
            found = self.selection
            yield {**kept, "weight": found.weights[at].round(6).tolist(), "score": found.scores[at].round(6).tolist()}

    def _parts(self) -> Iterator[tuple[Table, NDArray[np.int64], slice]]:
        """Chunks with the rows of theirs that were chosen, and where these stand in the selection."""
        start, rows = 0, self.selection.rows
        for part in self.tables():
            at = slice(*np.searchsorted(rows, [start, start + len(part)]).tolist())
            yield part, rows[at] - start, at
            start += len(part)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        found = self.selection
        ids = [part.ids[row] for part, own, _ in self._parts() for row in own.tolist()]
        told = zip(found.rows.tolist(), ids, found.weights.tolist(), found.scores.tolist(), strict=True)
        return {
            "source": self.source,
            "by": self.by,
            "kept": len(found.rows),
            "facts": {name: round(value, 6) for name, value in found.facts.items()},
            "rows": [
                {"row": row + 1, "id": id, "weight": round(weight, 6), "score": round(score, 6)}
                for row, id, weight, score in told
            ],
        }


def select(
    pool: Pool | Table,
    keep: int,
    *,
    target: Table | None = None,
    by: str = NGRAMS,
    source: str | Encoder | tuple[Floats, Floats | None] | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Selected:
    """Choose rows of a pool.

    Args:
        pool: A table, or a file of rows, which is never held in memory when rows are chosen by n-grams.
        keep: Rows wanted.
        target: Rows that the choice should be like.
        by: `ngrams` (drawn so that wording is distributed as in the target), `quality` (those that look most like the
            target), `nearest` (all of the target's clusters served); without a target `diverse` (drawn from all
            clusters) or `bins` (the same share of typical and of rare rows).
        source: Of vectors: an encoder's name or folder (default all-MiniLM-L6-v2), an encoder, or the vectors of the
            pool (N, D) and of the target (M, D).
        seed: Of all that is drawn.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: The pool, the target or a setting is not usable; the sentence says why.
    """
    check_choice(by, METHODS, "way to select")
    if target is None and by not in UNTARGETED:
        raise InputError(f"selection by {by} needs rows to be like; name them with --target")
    if target is not None and by in UNTARGETED:
        raise InputError(f"selection by {by} looks at the pool alone; leave --target out, or choose another --by")
    rng, name = np.random.default_rng(seed), str(pool.source)
    if by == NGRAMS and target is not None:
        tables = pool.parts if isinstance(pool, Pool) else partial(iter, [pool])
        resampled = choices.importance_resampling(partial(_texts, tables), target.texts, keep, rng=rng)
        return Selected(name, by, resampled, tables)
    table = pool.whole() if isinstance(pool, Pool) else pool
    X, T = _vectors(table, target, source, progress)
    found = UNTARGETED[by](X, keep, rng) if T is None else TARGETED[by](X, T, keep, rng)
    return Selected(name, by, found, partial(iter, [table]))


def _texts(tables: Callable[[], Iterable[Table]]) -> Iterator[tuple[str, ...]]:
    return (part.texts for part in tables())


def _vectors(
    table: Table,
    target: Table | None,
    source: str | Encoder | tuple[Floats, Floats | None] | None,
    progress: Progress,
) -> tuple[Floats, Floats | None]:
    """Vectors of the pool, and of the target where there is one."""
    if isinstance(source, tuple):
        X, T = check_vectors(source[0], rows=len(table)), source[1]
        if target is not None and T is None:
            raise InputError("the pool has precomputed vectors and the target none; give --target-vectors, too")
        return X, None if target is None or T is None else check_vectors(T, rows=len(target), what="target vectors")
    found = encoder_for(table, source)
    X = encode_table(table, found, progress=progress)
    return X, None if target is None else encode_table(target, found, progress=progress)
