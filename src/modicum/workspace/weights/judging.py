"""What an encoder is worth on labelled rows that no model was tuned on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.data.dedup import near_duplicates
from modicum.data.read import label_space
from modicum.evaluation.splits import hold_out, make_splits
from modicum.heads import Linear

Ints = NDArray[np.int64]
FOLDS = 5
LEAST = 4
"""Labelled rows a class, in the mean, that a part needs to say anything."""


@dataclass(frozen=True, eq=False)
class Held:
    """The labelled rows of a held-out table: some may decide on a merge, the others judge it."""

    name: str
    texts: tuple[str, ...]
    codes: Ints
    names: tuple[str, ...]
    """The classes, in the order of their codes."""
    groups: Ints
    """Rows of one group say nearly the same."""
    deciding: Ints
    """Row numbers that a merge may look at; none where it learns from no label."""
    judging: Ints
    """The others, ascending."""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.names)

    def accuracies(self, X: NDArray[np.floating], seed: int) -> tuple[float | None, float]:
        """Accuracy of vectors (N, D) on the rows that decide, None where there are none, and on those that judge."""
        deciding = self._accuracy(X, self.deciding, seed) if len(self.deciding) else None
        return deciding, self._accuracy(X, self.judging, seed)

    def _accuracy(self, X: NDArray[np.floating], rows: Ints, seed: int) -> float:
        """Share of the rows that a linear head, fitted to other folds of them, answers rightly."""
        X, codes, right = X[rows], self.codes[rows], np.zeros(len(rows), dtype=bool)
        rng = np.random.default_rng(seed)
        for fold in make_splits(codes, groups=self.groups[rows], folds=FOLDS, repeats=1, rng=rng):
            head = Linear().fit(X[fold.train], codes[fold.train], classes=np.arange(self.classes))
            right[fold.test] = head.predict(X[fold.test]) == codes[fold.test]
        return float(right.mean())


def held_out(table: Table, *, decide: bool, seed: int) -> Held:
    """The labelled rows of a table; where some `decide`, a half of them, by class and with near-duplicates together.

    Raises:
        InputError: The items are images, or labels are too few to tell models apart.
    """
    if table.images is not None:
        raise InputError(f"{table.source} holds images; only encoders of texts can be merged")
    rows = np.flatnonzero(table.labelled)
    if not len(rows):
        raise InputError(f"{table.source} holds no label to judge models by; name its column with --label COL")
    texts, space = tuple(table.texts[row] for row in rows), label_space(table, None)
    codes = space.encode([table.labels[row] for row in rows])[0]
    present, parts = len(np.unique(codes)), 1 + decide
    if len(rows) < LEAST * parts * present:
        raise InputError(
            f"{table.source} has {len(rows)} labelled rows of {present} classes; models are told apart by "
            f"{LEAST * parts} rows of each, which none of them was tuned on"
        )
    groups, every = near_duplicates(texts), np.arange(len(rows))
    if not decide:
        return Held(table.source, texts, codes, space.names, groups, every[:0], every)
    split = hold_out(codes, 0.5, np.random.default_rng(seed), groups=groups)
    return Held(table.source, texts, codes, space.names, groups, split.train, split.test)
