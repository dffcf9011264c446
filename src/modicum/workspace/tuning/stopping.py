"""How many steps are enough: held-out rows tell at a quarter, half and all of a run's steps.

A fold is judged after the number of steps that the other folds tell, so that its own rows have no say in what they
judge: the choice is nested, and costs no run of its own. All folds together choose for the last run, which learns from
all rows. No figure that decides is taken from that choice; those told beside it may flatter by as much as the best of
three is ahead by luck alone, 0.85 standard errors of an accuracy at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

LEAST_MARK = 20
"""Steps under which a run has hardly begun."""


def marks_of(steps: int) -> tuple[int, ...]:
    """Steps after which a run of so many is probed; the last mark is its end.

    Example:
        >>> marks_of(160), marks_of(60), marks_of(10)
        ((40, 80, 160), (30, 60), (10,))
    """
    return (*(mark for mark in (steps // 4, steps // 2) if mark >= LEAST_MARK), steps)


@dataclass(frozen=True)
class Stopping:
    """After how many steps runs stop, and why."""

    steps: int
    marks: tuple[int, ...]
    """Steps after which it was measured; the last are all that were planned."""
    accuracies: tuple[float, ...]
    """Of names and shots, at each mark, on all held-out rows."""

    @classmethod
    def after(cls, marks: Sequence[int], right: NDArray[np.bool_]) -> Self:
        """The fewest steps that were right most often on n held-out rows, (M, n); all of them where n is 0.

        Example:
            >>> Stopping.after((40, 80, 160), np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1]], dtype=bool)).steps
            80
        """
        if right.shape[1] == 0:
            return cls(marks[-1], tuple(marks), ())
        accuracies = right.mean(axis=1)
        return cls(marks[int(accuracies.argmax())], tuple(marks), tuple(float(share) for share in accuracies))

    @property
    def said(self) -> str:
        """One sentence; empty where there was no choice."""
        if len(self.marks) < 2 or not self.accuracies:
            return ""
        planned = self.marks[-1]
        what = f"Runs stop after {self.steps:,} of {planned:,} steps" if self.steps < planned else "Runs take all steps"
        told = _listed([f"{100 * share:.1f}" for share in self.accuracies])
        return f"{what}: held-out rows were right {told} % of the time after {_listed([f'{m:,}' for m in self.marks])}."


def nested(marks: Sequence[int], right: NDArray[np.bool_], folds: NDArray[np.int64]) -> tuple[list[int], Stopping]:
    """The steps after which each fold is judged, and the stop of the last run.

    Args:
        marks: Steps after which it was measured (M,), ascending.
        right: Whether a held-out row was right at a mark (M, n).
        folds: Fold of each row (n,); negative where it was in none.

    Returns:
        For each fold in turn what the rows of the other folds choose, and what all of them choose.
    """
    seen = range(int(folds.max()) + 1)
    others = [Stopping.after(marks, right[:, (folds >= 0) & (folds != fold)]).steps for fold in seen]
    return others, Stopping.after(marks, right[:, folds >= 0])


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
