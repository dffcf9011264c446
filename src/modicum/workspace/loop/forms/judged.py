"""How good is the model of several labels of the moment, how do its scores become probabilities, what looks wrong?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from modicum.evaluation.metrics import f1_interval, label_scores
from modicum.labels.calibration import fit_platt
from modicum.labels.thresholds import f1_thresholds
from modicum.workspace.budget import Clock
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.climb import climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import Recipe
from modicum.workspace.loop.measured import ENOUGH, LEAST, PLAN, Measured, Suspect
from modicum.workspace.targets.labels import held_labels, single_candidate
from modicum.workspace.targets.labels_facts import crossed_given, crossed_proba, doubtful_labels

Floats = NDArray[np.floating]
PLAIN = (1.0, 0.0, 0.5)
"""Slope, intercept and threshold of a label of which nothing is known."""


@dataclass(frozen=True)
class Lines:
    """A line for each label that makes log-odds of its scores, and the probability from which on it is expected."""

    by_number: Mapping[int, tuple[float, float, float]] = field(default_factory=dict)
    """Slope, intercept and threshold by the number of the class; `PLAIN` for others."""

    def _of(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        """Slopes, intercepts and thresholds (3, K)."""
        return np.array([self.by_number.get(number, PLAIN) for number in numbers], dtype=np.float64).reshape(-1, 3).T

    def proba(self, scores: Floats, numbers: Sequence[int]) -> Floats:
        """Probability of each label (N, K); rows sum to anything."""
        slopes, intercepts, _ = self._of(numbers)
        return np.asarray(expit(slopes * scores.astype(np.float64) + intercepts))

    def expected(self, proba: Floats, numbers: Sequence[int]) -> NDArray[np.bool_]:
        """Labels (N, K) over their thresholds."""
        return np.asarray(proba >= self._of(numbers)[2])


def measure_sets(
    problem: Problem, numbers: tuple[int, ...], recipe: Recipe, chance: NDArray[np.bool_]
) -> Measured | None:
    """Cross-validate a recipe on rows of several labels; arguments and result as `measure` has them.

    The accuracy is micro F1, at thresholds that other rows gave.
    """
    if len(problem.rows) < LEAST:
        return None
    climbed = climb(problem, [recipe], Clock(float("inf")), plan=PLAN, executor=LocalExecutor(1))
    if not climbed.tried or not climbed.measurable:
        return None
    truth = np.asarray(problem.targets)[problem.rows]
    candidate = single_candidate(climbed.tried[0], climbed, truth)
    odds, truth, rows = held_labels(candidate, problem)
    proba = crossed_proba(odds, truth)
    given = crossed_given(proba, truth)
    fair = bool(chance[rows].sum() >= ENOUGH)
    counted = chance[rows] if fair else np.ones(len(rows), dtype=bool)
    if not (truth[counted] | given[counted]).any():
        return None
    low, high = f1_interval(truth[counted], given[counted])
    slopes, intercepts = fit_platt(odds, truth)
    # The recipe's scores go through the common line first.
    slope, intercept = candidate.lines[0]
    lines = np.stack([slopes * slope, slopes * intercept + intercepts, marking(proba, truth)], axis=1).tolist()
    return Measured(
        len(problem.rows),
        label_scores(truth[counted], given[counted], proba[counted]).micro_f1,
        low,
        high,
        (high - low) / (2 * float(ndtri(0.975))),
        int(counted.sum()),
        fair,
        Lines({number: (a, b, c) for number, (a, b, c) in zip(numbers, lines, strict=True)}),
        _suspects(numbers, rows, proba, truth),
    )


def marking(proba: Floats, truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Threshold (K,) of each label from held-out probabilities and labels (m, K): that of the largest F1.

    Where most of the labels that it gives are wrong it is one half instead: a wrong mark costs a key, as a missing one
    does, and misleads.
    """
    thresholds = f1_thresholds(proba, truth)
    precision = label_scores(truth, (proba >= thresholds).astype(np.uint8), proba).precision
    return np.where(precision >= 0.5, thresholds, np.maximum(thresholds, 0.5))


def _suspects(
    numbers: tuple[int, ...], rows: NDArray[np.int64], proba: Floats, truth: NDArray[np.uint8]
) -> tuple[Suspect, ...]:
    """Rows with a doubtful label, the most doubtful first, and what the model would rather have."""
    better: dict[int, NDArray[np.uint8]] = {}
    score: dict[int, float] = {}
    for doubt, place, column, _ in doubtful_labels(proba, truth):
        score.setdefault(place, doubt)
        better.setdefault(place, truth[place].copy())[column] ^= 1
    return tuple(
        Suspect(int(rows[place]), tuple(sorted(numbers[k] for k in np.flatnonzero(found))), score[place])
        for place, found in better.items()
    )
