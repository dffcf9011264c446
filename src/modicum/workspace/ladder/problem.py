"""The task as arrays: what the ladder sees once table, classes and vectors have been read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import LabelSpace


@dataclass(frozen=True, eq=False)
class Problem:
    """N rows, K classes, D dimensions."""

    X: NDArray[np.floating]
    """Vectors of all rows (N, D), labelled or not."""
    codes: NDArray[np.int64]
    """Class of each row (N,); means nothing where `labelled` is False. Where there are `targets`, the stratum of the
    row, which splits deal out evenly."""
    labelled: NDArray[np.bool_]
    space: LabelSpace
    class_vectors: NDArray[np.floating] | None
    """Embedded class names (K, D); None where the names say nothing."""
    groups: NDArray[np.int64] | None = None
    """Rows of one group (N,) never stand on both sides of a split: the user's groups, and texts that say the same."""
    times: NDArray[np.float64] | None = None
    aside: NDArray[np.bool_] | None = None
    """Rows (N,) kept for the prediction sets alone: nothing is learnt from them, not even as unlabelled ones."""
    targets: NDArray[np.floating] | NDArray[np.integer] | None = None
    """What is learnt where it is not one class a row: an indicator matrix (N, K) of labels, or numbers (N,)."""

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """Row numbers of the n labelled rows, ascending."""
        return np.flatnonzero(self.labelled)

    @property
    def y(self) -> NDArray[np.int64]:
        """Classes of the labelled rows (n,)."""
        return self.codes[self.rows]

    @cached_property
    def unlabelled_rows(self) -> NDArray[np.int64]:
        """Row numbers without a label that may be learnt from, ascending."""
        return np.flatnonzero(~self.labelled & self.visible)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Rows (N,) that may be learnt from."""
        return np.ones(len(self.X), dtype=bool) if self.aside is None else ~self.aside

    def only(self, rows: NDArray[Any]) -> Self:
        """The problem with these rows (mask or numbers) alone, in that order."""
        return replace(
            self,
            X=self.X[rows],
            codes=self.codes[rows],
            labelled=self.labelled[rows],
            groups=None if self.groups is None else self.groups[rows],
            times=None if self.times is None else self.times[rows],
            aside=None if self.aside is None else self.aside[rows],
            targets=None if self.targets is None else self.targets[rows],
        )
