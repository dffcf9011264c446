"""How good is the model of the moment, what would the next labels bring, and which labels look wrong?

All from cross-validation on the labelled rows. Rows that a query picked are harder than the rest, so accuracy is told
from rows that chance picked as soon as there are enough of them; before, from all, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.evaluation.curves import Gain, PowerLaw, next_batch, power_law
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

Floats = NDArray[np.floating]
Point = tuple[float, float, float]
"""Labels, error and its standard error: one point of the learning curve."""


class Scale(Protocol):
    """What makes probabilities of a model's scores, as held-out rows told it. Columns go by numbers of classes."""

    def proba(self, scores: Floats, numbers: Sequence[int]) -> Floats:
        """Probabilities (N, K) of scores (N, K)."""

    def expected(self, proba: Floats, numbers: Sequence[int]) -> NDArray[np.bool_]:
        """Classes (N, K) that each row probably has."""


@dataclass(frozen=True)
class Temperature:
    """One class a row: scores are divided by a temperature."""

    value: float

    def proba(self, scores: Floats, numbers: Sequence[int]) -> Floats:
        """Probabilities (N, K) whose rows sum to 1."""
        return softmax(scores.astype(np.float64) / self.value)

    def expected(self, proba: Floats, numbers: Sequence[int]) -> NDArray[np.bool_]:
        """The most probable class of each row."""
        return np.asarray(proba.argmax(axis=1)[:, None] == np.arange(len(numbers)))


@dataclass(frozen=True)
class Suspect:
    """A row whose label a held-out model contradicts."""

    row: int
    better: tuple[int, ...]
    """Numbers of the classes that the model would rather have."""
    score: float
    """Probability that the given label is right."""


@dataclass(frozen=True)
class Measured:
    """What cross-validation found."""

    labels: int
    """Labelled rows that were there."""
    accuracy: float
    """Accuracy; of several labels a row, micro F1."""
    low: float
    high: float
    """Ends of its 95% interval."""
    se: float
    """Its standard error."""
    rows: int
    """Rows that it was measured on."""
    fair: bool
    """Whether chance picked these rows."""
    scale: Scale
    """What makes probabilities of the scores, as it fits the held-out rows."""
    suspects: tuple[Suspect, ...]

    @property
    def point(self) -> Point:
        """One point of the learning curve."""
        return float(self.labels), 1 - self.accuracy, max(self.se, 0.01)


def measure(problem: Problem, numbers: tuple[int, ...], recipe: Recipe, chance: NDArray[np.bool_]) -> Measured | None:
    """Cross-validate a recipe on rows of one label.

    Args:
        problem: All rows, with the labels of the moment.
        numbers: Number of the class of each column.
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
    accuracy, (low, high) = float(counted.mean()), wilson_interval(int(counted.sum()), len(counted))
    known = np.flatnonzero(climbed.represented[0, held])
    return Measured(
        len(problem.rows),
        accuracy,
        low,
        high,
        (accuracy * (1 - accuracy) / len(counted)) ** 0.5,
        len(counted),
        bool(fair.sum() >= ENOUGH),
        Temperature(float(candidate.scales[0])),
        _suspects(problem, numbers, proba[known], held[known]),
    )


def law_of(points: Sequence[Point], **prior: float) -> PowerLaw:
    """Slope of the learning curve through its points; `prior` as `power_law` has it."""
    labels, errors, doubts = (list(values) for values in zip(*points, strict=True))
    return power_law(labels, errors, doubts, **prior)


def gain(points: Sequence[Point], law: PowerLaw | None = None, more: int = NEXT) -> Gain:
    """What `more` labels should bring, from points of the learning curve, the latest last.

    Slopes of other tables hold what few points say, unless a law is given.
    """
    labels, error, _ = points[-1]
    return next_batch(law or law_of(points), more, labels=int(labels), accuracy=1 - error, level=LEVEL)


def _suspects(
    problem: Problem, numbers: tuple[int, ...], proba: Floats, places: NDArray[np.int64]
) -> tuple[Suspect, ...]:
    if len(places) < 2:
        return ()
    rows, codes = problem.rows[places], problem.y[places]
    judged = credibility(problem.X[rows], proba, codes, rng=np.random.default_rng(PLAN.seed))
    return tuple(
        Suspect(int(rows[place]), (numbers[judged.suggested[place]],), float(judged.values[place]))
        for place in judged.suspects
    )
