"""Several labels a row: read, compared by log-loss, calibrated label by label, shipped with sets that miss few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.core.records import LabelSpace, Table
from modicum.data.read import label_matrix
from modicum.evaluation.metrics import label_losses, label_scores
from modicum.evaluation.stats import pool_weights
from modicum.labels.calibration import fit_platt
from modicum.labels.conformal import label_sets
from modicum.labels.thresholds import f1_thresholds
from modicum.workspace.ladder.climb import Climb, Trial
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe, Recipe
from modicum.workspace.settings import Settings
from modicum.workspace.targets.choice import POOL, STACKING_STRENGTH, Candidate, TargetChoice, choose, kept_members
from modicum.workspace.targets.labels_facts import crossed_given, crossed_proba, label_facts
from modicum.workspace.targets.models import LabelsModel
from modicum.workspace.targets.recipes import LABELS, LABELS_BASELINE, NAMES_ALONE, WITH_NAMES
from modicum.workspace.targets.target import Made, Task

Floats = NDArray[np.floating]
MOST_PAIRS = 400_000
"""Pairs of a row and a label from which the pool's shares are learnt."""


class LabelsTarget:
    """Rows that may have several labels, or none."""

    kind = "labels"
    baseline = LABELS_BASELINE
    figures: Sequence[Mapping[str, str]] = (
        {"key": "cv_micro_f1", "name": "micro F1", "unit": "share"},
        {"key": "cv_macro_f1", "name": "macro F1", "unit": "share"},
        {"key": "cv_average_precision", "name": "average precision", "unit": "share"},
        {"key": "cv_log_loss", "name": "log-loss", "unit": "number"},
    )

    def read(self, table: Table, declared: LabelSpace | None) -> Task:
        """Labels as an indicator matrix; the stratum of a row is its rarest label."""
        space, Y, labelled = label_matrix(table, declared)
        return Task(space, Y, labelled, rarest(Y, labelled))

    def recipes(self, problem: Problem) -> tuple[Recipe, ...]:
        """All recipes, or those that need no names where the names say nothing."""
        if problem.class_vectors is not None:
            return LABELS
        plain = [recipe for recipe in LABELS if recipe.name not in (NAMES_ALONE, WITH_NAMES[0])]
        return tuple(
            replace(
                r, name=r.name.replace("names + shots", LABELS_BASELINE), pooled=r.pooled or r.name == self.baseline
            )
            for r in plain
        )

    def choose(self, climbed: Climb, truth: NDArray[Any], tolerance: float) -> TargetChoice:
        """Compare by the log-loss of all labels, each recipe's log-odds brought to one scale by a common line."""
        singles = [single_candidate(trial, climbed, truth) for trial in climbed.tried]
        unlike = [one for one in singles if one.trials[0].recipe.pooled]
        if len(unlike) > 1:
            singles.append(_pool(unlike, climbed, truth))
        held = (climbed.folds >= 0).any(axis=0)
        shares = np.tile((truth[held].sum(axis=0) + 0.5) / (held.sum() + 1), (int(held.sum()), 1))
        return choose(singles, climbed, float(label_losses(shares, truth[held]).mean()), tolerance)

    def model(
        self,
        choice: TargetChoice,
        members: tuple[FittedRecipe, ...],
        climbed: Climb,
        problem: Problem,
        settings: Settings,
    ) -> LabelsModel:
        """Calibrate every label, set its threshold, and promise a share of labels found."""
        odds, truth, _ = held_labels(choice.shipped, problem)
        slopes, intercepts = fit_platt(odds, truth)
        proba = crossed_proba(odds, truth)
        rule = label_sets(proba, truth, alpha=settings.alpha)
        thresholds = f1_thresholds(proba, truth)
        shipped = choice.shipped
        model = LabelsModel(
            problem.space, members, shipped.weights, shipped.lines, slopes, intercepts, thresholds, rule
        )
        if problem.aside is None:
            return model
        aside = np.flatnonzero(problem.aside)
        own = label_sets(model.proba(problem.X[aside]), _targets(problem)[aside], alpha=settings.alpha, crossed=False)
        return replace(model, conformal=own)

    def shown_by(self, candidate: Candidate, truth: NDArray[Any]) -> dict[str, float]:
        """F1 at thresholds learnt on the other half of the rows, average precision and log-loss."""
        held = ~np.isnan(candidate.losses).any(axis=0)
        proba, Y = expit(candidate.held[:, held].mean(axis=0)), truth[held]
        scores = label_scores(Y, crossed_given(proba, Y), proba)
        known = scores.support > 0
        return {
            "cv_micro_f1": scores.micro_f1,
            "cv_macro_f1": scores.macro_f1,
            "cv_average_precision": float(scores.average_precision[known].mean()) if known.any() else 0.0,
            "cv_log_loss": float(label_losses(proba, Y).mean()),
        }

    def facts(self, made: Made, settings: Settings) -> dict[str, Any]:
        """Results by label, calibration, sets, doubtful labels and the next rows to label."""
        return label_facts(made, held_labels(made.choice.shipped, made.problem), settings)


def held_labels(candidate: Candidate, problem: Problem) -> tuple[Floats, NDArray[np.uint8], NDArray[np.int64]]:
    """Held-out log-odds (m, K), mean over repeats, true labels (m, K), and the rows (m,) of the table."""
    held = ~np.isnan(candidate.losses).any(axis=0)
    rows = problem.rows[held]
    return candidate.held[:, held].mean(axis=0), _targets(problem)[rows], rows


def _targets(problem: Problem) -> NDArray[np.uint8]:
    return np.asarray(problem.targets, dtype=np.uint8)


def rarest(Y: NDArray[np.uint8], labelled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Column (N,) of each row's rarest label among the labelled rows of (N, K); K where it has none.

    Example:
        >>> rarest(np.array([[1, 1], [1, 0], [0, 0]], dtype=np.uint8), np.ones(3, dtype=bool)).tolist()
        [1, 0, 2]
    """
    if not Y.shape[1]:
        return np.zeros(len(Y), dtype=np.int64)
    counts = Y[labelled].sum(axis=0, dtype=np.int64)
    rarity = np.where(Y == 1, counts, len(Y) + 1)
    return np.asarray(np.where(Y.any(axis=1), rarity.argmin(axis=1), Y.shape[1]), dtype=np.int64)


def single_candidate(trial: Trial, climbed: Climb, truth: NDArray[Any]) -> Candidate:
    """A recipe by itself, its log-odds brought to one scale by a line that all labels share."""
    scores = trial.scores[: climbed.repeats].astype(np.float64)
    repeats, rows = np.nonzero(climbed.folds >= 0)
    flat, told = scores[repeats, rows].reshape(-1, 1), truth[rows].reshape(-1, 1)
    weight = np.full(len(flat), 1 / climbed.repeats)
    slope, intercept = fit_platt(flat, told, sample_weight=weight)
    odds = slope[0] * scores + intercept[0]
    return Candidate(
        trial.recipe.name,
        (trial,),
        np.ones(1),
        odds,
        _losses(odds, climbed, truth),
        np.array([[slope[0], intercept[0]]]),
    )


def _losses(odds: Floats, climbed: Climb, truth: NDArray[Any]) -> Floats:
    out = np.full(climbed.folds.shape, np.nan)
    repeats, rows = np.nonzero(climbed.folds >= 0)
    out[repeats, rows] = label_losses(expit(odds[repeats, rows]), truth[rows])
    return out


def _pool(members: Sequence[Candidate], climbed: Climb, truth: NDArray[Any]) -> Candidate:
    """The pool of members; a label of a row is a task of two classes, whose log-linear pool is the mean of log-odds."""
    repeats, rows = np.nonzero(climbed.folds >= 0)
    labels = truth.shape[1]
    step = max(1, -(-len(rows) * labels // MOST_PAIRS))
    repeats, rows = repeats[::step], rows[::step]
    odds = np.stack([member.held[repeats, rows].ravel() for member in members])
    both = np.stack([-np.logaddexp(0, odds), -np.logaddexp(0, -odds)], axis=2)
    codes = truth[rows].ravel().astype(np.int64)
    weight = np.full(len(codes), step / climbed.repeats)
    equal = np.full(len(members), 1 / len(members))
    weights = pool_weights(both, codes, equal, strength=STACKING_STRENGTH, row_weight=weight)
    kept = kept_members(weights)
    members, weights = [members[i] for i in kept.tolist()], weights[kept] / weights[kept].sum()
    held = np.tensordot(weights, np.stack([member.held for member in members]), axes=1)
    trials = tuple(member.trials[0] for member in members)
    lines = np.concatenate([member.lines for member in members])
    return Candidate(POOL, trials, weights, held, _losses(held, climbed, truth), lines)
