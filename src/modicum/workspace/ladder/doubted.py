"""Labels that neighbours and the shipped candidate's held-out answers contradict, and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modicum.labels.noisy import Credibility, credibility
from modicum.workspace.ladder.held_out import HeldOut
from modicum.workspace.ladder.problem import Problem

Ints = NDArray[np.int64]

WORTH = 0.05
"""Share of suspects from which on labels are corrected for the final fit: on three tables without planted errors it
stayed at or under 0.022, and there every correction would have been a mistake."""


@dataclass(frozen=True, eq=False)
class Doubted:
    """What is to be believed of the labelled rows that could be judged."""

    rows: Ints
    """Rows (m,) of the table."""
    codes: Ints
    """Their labels (m,) as given."""
    judged: Credibility

    @property
    def worth(self) -> bool:
        """Whether so many labels are contradicted that the model had better learn from corrected ones."""
        return len(self.judged.suspects) >= WORTH * len(self.rows)

    def corrected(self, problem: Problem) -> Problem:
        """The problem with the most probable class in the place of every suspect label."""
        codes = problem.codes.copy()
        suspects = self.judged.suspects
        codes[self.rows[suspects]] = self.judged.suggested[suspects]
        return replace(problem, codes=codes)


def doubted(problem: Problem, found: HeldOut, seed: int) -> Doubted | None:
    """Judge the labelled rows; lone labels are never accused, and None is said where hardly any row can be judged."""
    keep = np.flatnonzero(found.represented)
    if len(keep) < 2:
        return None
    rows, codes = problem.rows[found.rows[keep]], found.codes[keep]
    judged = credibility(problem.X[rows], found.after[keep], codes, rng=np.random.default_rng(seed))
    return Doubted(rows, codes, judged)
