"""How good is the model of the moment, what would the next labels bring, and which labels look wrong?

All from cross-validation on the labelled rows. Rows that a query picked are harder than the rest, so accuracy is told
from rows that chance picked as soon as there are enough of them; before, from all, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.evaluation.curves import Gain, next_batch, power_law
from modicum.evaluation.metrics import wilson_interval
from modicum.labels.noisy import credibility
from modicum.workspace.budget import Clock
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.bank import Bank
from modicum.workspace.ladder.choice import candidates_of
from modicum.workspace.ladder.climb import Plan, climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import Recipe

ENOUGH = 20
"""Rows picked by chance from which on these alone tell the accuracy."""
LEAST = 10
"""Labelled rows from which on anything is measured."""
NEXT = 20
"""Labels whose gain is forecast."""
LEVEL = 0.8
"""Probability of the interval of that forecast."""
PLAN = Plan(folds=5, repeats=1, max_pool=2_000)


@dataclass(frozen=True)
class Suspect:
    """A label that its nearest rows and the held-out model contradict."""

    row: int
    code: int
    """Column of the class that the model would rather have."""
    score: float
    """Probability that the given label is right."""


@dataclass(frozen=True)
class Measured:
    """What cross-validation found."""

    labels: int
    """Labelled rows that were there."""
    accuracy: float
    low: float
    high: float
    """Ends of the 95% interval of the accuracy (Wilson)."""
    rows: int
    """Rows that the accuracy was measured on."""
    fair: bool
    """Whether chance picked these rows."""
    scale: float
    """Temperature of the scores that fits the held-out rows."""
    suspects: tuple[Suspect, ...]

    @property
    def point(self) -> tuple[float, float, float]:
        """Labels, error and its standard error: one point of the learning curve."""
        error = 1 - self.accuracy
        return float(self.labels), error, max((error * (1 - error) / self.rows) ** 0.5, 0.01)


def measure(problem: Problem, recipe: Recipe, chance: NDArray[np.bool_]) -> Measured | None:
    """Cross-validate a recipe on the labelled rows.

    Args:
        problem: All rows, with the labels of the moment.
        recipe: What is measured.
        chance: Mask (N,) of rows that chance picked.

    Returns:
        What was found; None with too few labels, or where most classes have a single one.
    """
    if len(problem.rows) < LEAST or len(np.unique(problem.y)) < 2:
        return None
    climbed = climb(problem, [recipe], Clock(float("inf")), plan=PLAN, executor=LocalExecutor(1))
    if not climbed.tried or not climbed.measurable:
        return None
    candidate = candidates_of(climbed, problem.y, Bank())[0]
    held = np.flatnonzero(climbed.folds[0] >= 0)
    proba = softmax(candidate.log_proba[0, held])
    right = proba.argmax(axis=1) == problem.y[held]
    fair = chance[problem.rows[held]]
    counted = right[fair] if fair.sum() >= ENOUGH else right
    low, high = wilson_interval(int(counted.sum()), len(counted))
    known = np.flatnonzero(climbed.represented[0, held])
    return Measured(
        len(problem.rows),
        float(counted.mean()),
        low,
        high,
        len(counted),
        bool(fair.sum() >= ENOUGH),
        float(candidate.scales[0]),
        _suspects(problem, proba[known], held[known]),
    )


def gain(points: Sequence[tuple[float, float, float]], more: int = NEXT) -> Gain:
    """What `more` labels should bring, from points of the learning curve.

    Points are (labels, error, standard error), the latest last; slopes of other tables hold what few points say.
    """
    labels, errors, doubts = (list(values) for values in zip(*points, strict=True))
    law = power_law(labels, errors, doubts)
    return next_batch(law, more, labels=int(labels[-1]), accuracy=1 - errors[-1], level=LEVEL)


def _suspects(problem: Problem, proba: NDArray[np.floating], places: NDArray[np.int64]) -> tuple[Suspect, ...]:
    if len(places) < 2:
        return ()
    rows, codes = problem.rows[places], problem.y[places]
    judged = credibility(problem.X[rows], proba, codes, rng=np.random.default_rng(PLAN.seed))
    return tuple(
        Suspect(int(rows[place]), int(judged.suggested[place]), float(judged.values[place]))
        for place in judged.suspects
    )
