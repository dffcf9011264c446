"""What to ship where a row has several labels or a number: the ladder's rule, on losses in the place of accuracy.

Every candidate is judged by a proper score of held-out rows (log-loss of labels, squared error of numbers), told as
skill: the share of a constant answer's loss that it saves. The lead of the pool over each recipe is shrunk towards
what pooling is known to gain, and the cheapest candidate within the tolerance of the best is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.evaluation.stats import corrected_difference
from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.climb import Climb, Trial

Floats = NDArray[np.floating]

POOL_GAIN = Guess(0.02, 0.04)
"""Prior of the pool's lead in skill over a single recipe: about what it was on the first few tables, and wide."""
STACKING_STRENGTH = 5.0
"""Nats by which the evidence must outweigh equal shares."""
LEAST_SHARE = 0.05
"""Share under which a member leaves the pool."""
POOL = "pool"


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something that could be shipped: one recipe, or a pool of several."""

    name: str
    trials: tuple[Trial, ...]
    weights: Floats
    """Share (M,) of each member; sums to 1."""
    held: Floats
    """Held-out answers (repeats, n, K): log-odds of labels, or numbers in one column; NaN for rows never held out."""
    losses: Floats
    """Loss (repeats, n) of each held-out answer; NaN for rows never held out."""
    lines: Floats
    """Slope and intercept (M, 2) that bring each member's answers to one scale."""

    @property
    def seconds_per_1000(self) -> float:
        """Seconds to score 1,000 vectors with all members."""
        return sum(trial.seconds_per_1000 for trial in self.trials)


@dataclass(frozen=True, eq=False)
class TargetChoice:
    """What is shipped, beside what it was compared with."""

    shipped: Candidate
    candidates: tuple[Candidate, ...]
    baseline: float
    """Mean loss of the constant answer, to which skill refers."""
    expected_loss: dict[str, float]
    """For each candidate, the skill it is expected to lose against the best one."""

    def skill(self, candidate: Candidate) -> tuple[float, float]:
        """Share of the constant answer's loss that a candidate saves on held-out rows, and its standard error."""
        per_row = np.nanmean(candidate.losses[:, ~np.isnan(candidate.losses).all(axis=0)], axis=0)
        error = float(per_row.std(ddof=1) / np.sqrt(len(per_row))) if len(per_row) > 1 else 0.0
        return 1 - float(per_row.mean()) / self.baseline, error / self.baseline


def kept_members(weights: Floats) -> NDArray[np.int64]:
    """Places of the members whose share is worth their time."""
    return np.flatnonzero(weights >= min(LEAST_SHARE, 0.5 * float(weights.max())))


def choose(candidates: Sequence[Candidate], climbed: Climb, baseline: float, tolerance: float) -> TargetChoice:
    """Take the cheapest candidate whose expected loss of skill against the best is under `tolerance`.

    Args:
        candidates: Cheapest first, the pool last.
        climbed: The splits they share.
        baseline: Mean loss of the constant answer, above 0.
        tolerance: Loss of skill that is accepted for a cheaper candidate, at least 0.
    """
    reference = next((c for c in candidates if c.name == POOL), None)
    if reference is None:
        reference = min(candidates, key=lambda c: float(np.nanmean(c.losses)))
    behind = {c.name: _behind(reference, c, climbed, baseline) for c in candidates}
    best = min(behind.values())
    losses = {name: value - best for name, value in behind.items()}
    shipped = next(c for c in candidates if losses[c.name] < tolerance or losses[c.name] == 0)
    return TargetChoice(shipped, tuple(candidates), baseline, losses)


def _behind(reference: Candidate, other: Candidate, climbed: Climb, baseline: float) -> float:
    """Posterior mean of the skill that `other` loses against the reference."""
    if other is reference:
        return 0.0
    found = corrected_difference(-reference.losses / baseline, -other.losses / baseline, climbed.folds)
    if found.standard_error == 0:
        return found.difference
    precision, believed = found.standard_error**-2, POOL_GAIN.sd**-2
    return float((precision * found.difference + believed * POOL_GAIN.mean) / (precision + believed))
