"""A number a row: read, compared by squared error, shipped with intervals that hold the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.records import LabelSpace, Table
from modicum.data.read import number_column
from modicum.evaluation.metrics import number_scores
from modicum.evaluation.stats import stack_weights
from modicum.labels.conformal import interval_rule
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe, Recipe
from modicum.workspace.settings import Settings
from modicum.workspace.targets.choice import POOL, STACKING_STRENGTH, Candidate, TargetChoice, choose, kept_members
from modicum.workspace.targets.models import NumberModel
from modicum.workspace.targets.number_facts import number_facts
from modicum.workspace.targets.recipes import NUMBER, NUMBER_BASELINE
from modicum.workspace.targets.target import Made, Task

Floats = NDArray[np.floating]
PER_STRATUM, STRATA = 5, 10
"""Labelled rows that a stratum has at least, and the most strata."""


class NumberTarget:
    """Rows whose target is a number."""

    kind = "number"
    baseline = NUMBER_BASELINE
    figures: Sequence[Mapping[str, str]] = (
        {"key": "cv_r2", "name": "R²", "unit": "share"},
        {"key": "cv_mae", "name": "mean absolute error", "unit": "number"},
        {"key": "cv_rmse", "name": "root mean square error", "unit": "number"},
    )

    def read(self, table: Table, declared: LabelSpace | None) -> Task:
        """Numbers; the stratum of a row is a quantile of them.

        Raises:
            InputError: Classes were declared, or a label is no number.
        """
        if declared is not None:
            raise InputError("a numeric target has no classes; leave out --classes, or --target number")
        values, known = number_column(table)
        count = max(1, min(STRATA, int(known.sum()) // PER_STRATUM))
        edges = np.unique(np.quantile(values[known], np.linspace(0, 1, count + 1)[1:-1]))
        return Task(LabelSpace(()), values, known, np.searchsorted(edges, values, side="right").astype(np.int64))

    def recipes(self, problem: Problem) -> tuple[Recipe, ...]:
        """All of them."""
        return NUMBER

    def choose(self, climbed: Climb, truth: NDArray[Any], tolerance: float) -> TargetChoice:
        """Compare by squared error."""
        singles = [_single(trial, climbed, truth) for trial in climbed.tried]
        unlike = [one for one in singles if one.trials[0].recipe.pooled]
        if len(unlike) > 1:
            singles.append(_pool(unlike, climbed, truth))
        held = (climbed.folds >= 0).any(axis=0)
        return choose(singles, climbed, max(float(truth[held].var()), 1e-300), tolerance)

    def model(
        self,
        choice: TargetChoice,
        members: tuple[FittedRecipe, ...],
        climbed: Climb,
        problem: Problem,
        settings: Settings,
    ) -> NumberModel:
        """Promise intervals, from errors of held-out rows."""
        predicted, truth, _ = held_numbers(choice.shipped, problem)
        rule = interval_rule(truth - predicted, alpha=settings.alpha)
        model = NumberModel(members, choice.shipped.weights, rule)
        if problem.aside is None:
            return model
        aside = np.flatnonzero(problem.aside)
        errors = _targets(problem)[aside] - model.values(problem.X[aside])
        return replace(model, conformal=interval_rule(errors, alpha=settings.alpha, crossed=False))

    def shown_by(self, candidate: Candidate, truth: NDArray[Any]) -> dict[str, float]:
        """Errors of held-out rows, and the share of the variance that is explained."""
        repeats, rows = np.nonzero(~np.isnan(candidate.losses))
        found = number_scores(truth[rows], candidate.held[repeats, rows, 0])
        return {"cv_r2": found.r2, "cv_mae": found.mae, "cv_rmse": found.rmse}

    def facts(self, made: Made, settings: Settings) -> dict[str, Any]:
        """Held-out predictions against the truth, intervals, doubtful numbers and the next rows to label."""
        return number_facts(made, held_numbers(made.choice.shipped, made.problem), settings)


def held_numbers(candidate: Candidate, problem: Problem) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Held-out predictions (m,), mean over repeats, true numbers (m,), and the rows (m,) of the table."""
    held = ~np.isnan(candidate.losses).any(axis=0)
    rows = problem.rows[held]
    return candidate.held[:, held, 0].mean(axis=0), _targets(problem)[rows], rows


def _targets(problem: Problem) -> NDArray[np.float64]:
    return np.asarray(problem.targets, dtype=np.float64)


def _single(trial: Trial, climbed: Climb, truth: NDArray[Any]) -> Candidate:
    values = np.where(climbed.folds[..., None] >= 0, trial.scores[: climbed.repeats].astype(np.float64), np.nan)
    return Candidate(
        trial.recipe.name, (trial,), np.ones(1), values, (values[..., 0] - truth) ** 2, np.array([[1.0, 0.0]])
    )


def _pool(members: Sequence[Candidate], climbed: Climb, truth: NDArray[Any]) -> Candidate:
    repeats, rows = np.nonzero(climbed.folds >= 0)
    predictions = np.stack([member.held[repeats, rows, 0] for member in members])
    equal = np.full(len(members), 1 / len(members))
    count = len(rows) / climbed.repeats
    weights = stack_weights(predictions, truth[rows], equal, strength=STACKING_STRENGTH, rows=count)
    kept = kept_members(weights)
    members, weights = [members[i] for i in kept.tolist()], weights[kept] / weights[kept].sum()
    held = np.tensordot(weights, np.stack([member.held for member in members]), axes=1)
    trials = tuple(member.trials[0] for member in members)
    lines = np.concatenate([member.lines for member in members])
    return Candidate(POOL, trials, weights, held, (held[..., 0] - truth) ** 2, lines)
