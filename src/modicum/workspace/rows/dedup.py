"""A table without its copies, or without those of rows that were seen before; every row that goes is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice, check_fraction, check_vectors
from modicum.core.errors import InputError
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.core.records import Table
from modicum.data.dedup import (
    CopyIndex,
    exact_duplicates,
    file_duplicates,
    joined,
    kept_rows,
    text_copies,
    vector_duplicates,
)
from modicum.data.leaks import leaked_rows
from modicum.encoders import encode_table, encoder_for
from modicum.workspace.same_texts import sides_of

TEXT, VECTORS, BOTH = WAYS = ("text", "vectors", "both")
KEEP = ("first", "longest", "labelled")
"""Rules of which row of a group stays; of equal ones the first."""
COSINE = 0.95

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Deduplicated:
    """What was found; the table is as it was. Rows are numbered from 0."""

    table: Table
    by: str
    groups: Ints
    """Group (N,) of each row."""
    stands_for: Ints
    """The row (N,) of the table that stays for each row."""
    exact: Ints
    """Group (N,) of rows that are equal but for what a reader would not notice."""
    stored: Ints
    """Row (N,) of the stored index that each row is a copy of, itself or by its group; -1 where there is none."""
    stored_ids: tuple[str, ...] = ()
    leaked: Ints | None = None
    """Rows whose group also stands in another split; None where no splits were named."""
    vectors: NDArray[np.floating] | None = None
    encoder: str = ""
    cosine: float = COSINE

    @property
    def kept(self) -> Ints:
        """Row numbers, ascending, of the rows that stay."""
        return np.flatnonzero((self.stands_for == np.arange(len(self.table))) & (self.stored < 0))

    @property
    def copies(self) -> Ints:
        """Row numbers, ascending, of the rows that go."""
        return np.setdiff1d(np.arange(len(self.table)), self.kept)

    def rest(self) -> dict[str, list[Any]]:
        """The table's own columns, without copies."""
        own = self.table.columns or {"id": self.table.ids, self.table.text_column: self.table.texts}
        return {name: [values[row] for row in self.kept] for name, values in own.items()}

    def columns(self) -> dict[str, list[Any]]:
        """One entry for each copy: row (from 1), id, what it is a copy of and how, and its text."""
        found = [self._copy(row) for row in self.copies.tolist()]
        names = ("row", "id", "copy_of", "where", "how", "text")
        return {name: [one[name] for one in found] for name in names}

    def _copy(self, row: int) -> dict[str, Any]:
        table, head = self.table, int(self.stands_for[row])
        where, of, how = "table", table.ids[head], self._how(row, head)
        if self.stored[row] >= 0:
            where, of, how = "index", self.stored_ids[self.stored[row]], f"like a stored row, by {self.by}"
        return {
            "row": row + 1,
            "id": table.ids[row],
            "copy_of": of,
            "where": where,
            "how": how,
            "text": table.texts[row],
        }

    def _how(self, row: int, head: int) -> str:
        if self.exact[row] == self.exact[head]:
            return "the same"
        if self.vectors is None:
            return "nearly the same text"
        one, other = (self.vectors[k].astype(np.float64) for k in (row, head))
        length = float(np.linalg.norm(one) * np.linalg.norm(other))
        cosine = float(one @ other) / length if length else 0.0
        if self.by == BOTH and cosine < self.cosine:
            return "nearly the same text, or by way of another copy"
        return f"nearly the same, cosine {cosine:.3f}"

    def index(self, before: CopyIndex | None = None) -> CopyIndex:
        """The rows that stay, as an index for later tables; added to the rows of an earlier one.

        Raises:
            InputError: Copies were sought by text and by vectors at once, or the rows are images without vectors.
        """
        ids, texts = ([values[row] for row in self.kept] for values in (self.table.ids, self.table.texts))
        if self.by == BOTH:
            raise InputError("an index holds texts or vectors; make it with --by text or --by vectors")
        if self.by == TEXT and self.table.images is not None:
            raise InputError("images have no texts to keep in an index; make it with --by vectors")
        if self.by == TEXT:
            old = (before.ids, before.texts) if before else ((), ())
            return CopyIndex.of_texts([*old[0], *ids], [*old[1], *texts])
        new = np.asarray(self.vectors)[self.kept]
        if before is not None:
            ids, new = [*before.ids, *ids], np.concatenate([before.arrays["vectors"], new])
        return CopyIndex.of_vectors(ids, new, threshold=self.cosine, encoder=self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        found, sizes = self.columns(), np.bincount(self.groups, minlength=1)
        rows = [dict(zip(found, one, strict=True)) for one in zip(*found.values(), strict=True)]
        return {
            "source": self.table.source,
            "by": self.by,
            "rows": len(self.table),
            "kept": len(self.kept),
            "copies": len(rows),
            "copies_of_stored_rows": int((self.stored >= 0).sum()),
            "groups": int((sizes > 1).sum()),
            "largest_group": int(sizes.max()),
            "copies_across_splits": None if self.leaked is None else [self.table.ids[row] for row in self.leaked],
            "found": rows,
        }


def dedup(
    table: Table,
    *,
    by: str = TEXT,
    keep: str = "first",
    against: CopyIndex | None = None,
    cosine: float = COSINE,
    source: str | Encoder | NDArray[np.floating] | None = None,
    split: str | None = None,
    progress: Progress = silent,
) -> Deduplicated:
    """Find the copies in a table, and those of stored rows.

    Args:
        table: Items, from `modicum.read`.
        by: `text` (equal, misspelt, reordered, cut off, or nearly all letters in common), `vectors`, or `both`.
        keep: Which row of a group stays: the `first`, the `longest`, or the first with a label (`labelled`).
        against: Stored rows: what is a copy of them goes, whatever `keep` says.
        cosine: Least cosine of rows that are copies by vectors.
        source: Of vectors: an encoder's name or folder (default all-MiniLM-L6-v2), an encoder, or the vectors (N, D).
        split: Column that says which split a row belongs to; copies across splits are then told.
        progress: Called with stage, units done and units in all.

    Raises:
        InputError: The table, the vectors, a setting or the index is not usable; the sentence says why.
    """
    check_choice(by, WAYS, "way")
    check_fraction(cosine, "cosine")
    rank = _rank(table, check_choice(keep, KEEP, "rule of what to keep"))
    sides = None if split is None else sides_of(table, split)
    vectors, fingerprint = (None, "") if by == TEXT else vectors_of(table, source, progress)
    exact = exact_duplicates(table.texts) if table.images is None else file_duplicates(table.images)
    groups = _groups(table, by, exact, vectors, cosine)
    stored = _stored(table, by, groups, against, vectors, fingerprint)
    leaked = None if sides is None else leaked_rows(groups, sides)
    ids = () if against is None else against.ids
    stands_for = kept_rows(groups, rank)
    return Deduplicated(table, by, groups, stands_for, exact, stored, ids, leaked, vectors, fingerprint, cosine)


def vectors_of(
    table: Table, source: str | Encoder | NDArray[np.floating] | None, progress: Progress
) -> tuple[NDArray[np.floating], str]:
    """Vectors of a table's rows, and the fingerprint of what made them; empty where that is not known."""
    if isinstance(source, np.ndarray):
        return check_vectors(source, rows=len(table)), ""
    found = encoder_for(table, source)
    return encode_table(table, found, progress=progress), found.fingerprint


def _rank(table: Table, keep: str) -> Sequence[float] | None:
    if keep == "longest":
        return [float(len(text)) for text in table.texts]
    return table.labelled.astype(float).tolist() if keep == "labelled" else None


def _groups(table: Table, by: str, exact: Ints, vectors: NDArray[np.floating] | None, cosine: float) -> Ints:
    found = [exact]
    if by != VECTORS and table.images is None:
        found.append(text_copies(table.texts))
    if vectors is not None:
        found.append(vector_duplicates(vectors, threshold=cosine))
    return joined(*found)


def _stored(
    table: Table,
    by: str,
    groups: Ints,
    against: CopyIndex | None,
    vectors: NDArray[np.floating] | None,
    fingerprint: str,
) -> Ints:
    """The stored row of each row; a row that is no copy itself goes by the first of its group that is one."""
    if against is None:
        return np.full(len(table), -1, dtype=np.int64)
    if by == BOTH:
        raise InputError("an index holds texts or vectors; look with --by text or --by vectors")
    if table.images is not None and vectors is None:
        raise InputError("images have no texts to look for in an index; look with --by vectors")
    found = against.find_texts(table.texts) if vectors is None else against.find_vectors(vectors, encoder=fingerprint)
    first = kept_rows(groups, found >= 0)
    return np.where(found >= 0, found, found[first])
