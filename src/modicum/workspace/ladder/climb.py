"""The ladder: every recipe that the budget allows, cheapest first, on the same honest splits of the labelled rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress, silent
from modicum.core.protocols import Executor
from modicum.evaluation.splits import Split, make_splits, represented
from modicum.workspace.budget import Clock
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, Recipe, fit_recipe, timed_scores

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Plan:
    """How the ladder measures."""

    folds: int = 5
    repeats: int = 3
    """Repeats of cross-validation; a recipe is skipped where its first does not fit into the budget, and later ones
    come while the budget lasts."""
    max_pool: int = 4_000
    """Most unlabelled rows that a recipe may learn from while it is measured; the final fit uses all."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Trial:
    """What one recipe showed."""

    recipe: Recipe
    reason: str | None = None
    """Why it was not tried; None where it was."""
    scores: Floats = field(default_factory=lambda: np.empty((0, 0, 0), dtype=np.float32))
    """Out-of-fold scores (repeats, n, K) of the labelled rows; no repeats where it was not tried."""
    seconds: float = 0.0
    """Seconds spent on it."""
    parameters: int = 0
    seconds_per_1000: float = 0.0
    megabytes: float = 0.0
    """Size of what was fitted on the rows it was measured with."""

    @property
    def tried(self) -> bool:
        """Whether there are scores to compare."""
        return self.reason is None


@dataclass(frozen=True, eq=False)
class Climb:
    """The ladder after the climb: one trial per recipe, and the splits they share."""

    trials: tuple[Trial, ...]
    repeats: int
    """Repeats every tried recipe has been through."""
    represented: NDArray[np.bool_]
    """Mask (repeats, n): whether the row's class had another labelled row to learn from when it was held out."""
    folds: NDArray[np.int64]
    """Fold (repeats, n) in which each labelled row was held out."""

    @property
    def tried(self) -> tuple[Trial, ...]:
        """Trials with scores."""
        return tuple(trial for trial in self.trials if trial.tried)

    @property
    def measurable(self) -> bool:
        """Whether most held-out rows had a row of their class to learn from: without that, accuracy means nothing."""
        held = self.represented[self.folds >= 0]
        return bool(len(held) and held.mean() >= 0.5)


def climb(
    problem: Problem,
    recipes: Sequence[Recipe],
    clock: Clock,
    *,
    plan: Plan | None = None,
    executor: Executor,
    progress: Progress = silent,
) -> Climb:
    """Measure recipes by repeated cross-validation inside a time budget, cheapest first.

    The first recipe is always measured, whatever the budget. A later one is skipped, with the reason, when its first
    fold says that it will not fit. Without two groups of labelled rows nothing can be measured and every trial says so.
    """
    plan = plan or Plan()
    if _labelled_groups(problem) < 2:
        few = "fewer than two groups of labelled rows" if len(problem.rows) else "no labelled row"
        reason = f"{few} to measure it on"
        nothing = np.zeros((0, 0))
        return Climb(tuple(Trial(r, reason) for r in recipes), 0, nothing.astype(bool), nothing.astype(np.int64))
    measured = problem.only(measured_rows(problem, plan))
    bank = FeatureBank(measured)
    rounds = rounds_of(measured, plan)
    trials: list[Trial] = []
    for number, recipe in enumerate(recipes):
        progress("recipes", number, len(recipes))
        unfit = _unfit(recipe, problem)
        trials.append(Trial(recipe, unfit) if unfit else _first(recipe, bank, rounds[0], clock, executor, trials))
    done = 1
    for splits in rounds[1:]:
        if clock.left() < sum(trial.seconds for trial in trials if trial.tried) / done:
            break
        trials = [_again(trial, bank, splits, executor) if trial.tried else trial for trial in trials]
        done += 1
    progress("recipes", len(recipes), len(recipes))
    seen, folds = coverage(measured, rounds[:done])
    return Climb(tuple(trials), done, seen, folds)


def _labelled_groups(problem: Problem) -> int:
    """Groups among the labelled rows; where the table has none, each row is one."""
    return len(problem.rows) if problem.groups is None else len(np.unique(problem.groups[problem.rows]))


def measured_rows(problem: Problem, plan: Plan) -> NDArray[np.int64]:
    """Row numbers that recipes are measured with: all labelled ones, then at most `max_pool` unlabelled ones."""
    pool = problem.unlabelled_rows
    if len(pool) > plan.max_pool:
        pool = np.sort(np.random.default_rng(plan.seed).choice(pool, plan.max_pool, replace=False))
    return np.concatenate([problem.rows, pool])


def rounds_of(problem: Problem, plan: Plan) -> list[list[Split]]:
    """Splits of the labelled rows, which come first, one list per repeat; time-ordered tables have one repeat."""
    n = len(problem.rows)
    groups = None if problem.groups is None else problem.groups[:n]
    times = None if problem.times is None else problem.times[:n]
    rng = np.random.default_rng(plan.seed)
    repeats = 1 if times is not None else plan.repeats
    return [
        make_splits(problem.y, groups=groups, times=times, folds=plan.folds, repeats=1, rng=rng) for _ in range(repeats)
    ]


def _unfit(recipe: Recipe, problem: Problem) -> str | None:
    """Why this recipe makes no sense for this table, before any time is spent."""
    if "names" in recipe.needs and "labels" not in recipe.needs and problem.class_vectors is None:
        return "the class names say nothing"
    if "unlabelled" in recipe.needs and len(problem.unlabelled_rows) == 0:
        return "there is no unlabelled row to learn from"
    return None


@dataclass(frozen=True, eq=False)
class Fold:
    """What one recipe showed on the held-out rows of one split."""

    scores: Floats
    """Of the split's test rows (m, K)."""
    seconds: float
    parameters: int
    seconds_per_1000: float
    megabytes: float


def run_fold(recipe: Recipe, bank: FeatureBank, split: Split) -> Fold:
    """Fit a recipe on a split's training rows and score its test rows."""
    start = time.perf_counter()
    fitted = fit_recipe(recipe, bank, split.train)
    scores, pace = timed_scores(fitted, bank.problem.X[split.test])
    return Fold(scores, time.perf_counter() - start, fitted.parameters, pace, fitted.megabytes)


def trial_of(recipe: Recipe, n: int, splits: Sequence[Split], folds: Sequence[Fold], seconds: float) -> Trial:
    """One repeat of a recipe as a trial; rows (of n) that are in no fold have scores of NaN."""
    scores = np.full((n, folds[0].scores.shape[1]), np.nan, dtype=np.float32)
    for split, fold in zip(splits, folds, strict=True):
        scores[split.test] = fold.scores
    pace = float(np.median([fold.seconds_per_1000 for fold in folds]))
    return Trial(recipe, None, scores[None], seconds, folds[0].parameters, pace, folds[0].megabytes)


def _first(
    recipe: Recipe,
    bank: FeatureBank,
    splits: Sequence[Split],
    clock: Clock,
    executor: Executor,
    before: Sequence[Trial],
) -> Trial:
    """The first repeat; its first fold tells whether the rest fits into the budget."""
    started = clock.spent()
    anything = any(trial.tried for trial in before)
    if anything and clock.left() <= 0:
        return Trial(recipe, f"the budget of {clock.seconds:g} s was used up")
    bank.get(recipe)
    (head,) = executor.map(lambda split: run_fold(recipe, bank, split), splits[:1])
    rest = head.seconds * -(-(len(splits) - 1) // executor.parallel)
    if anything and rest > clock.left():
        left = max(clock.left(), 0.0)
        reason = f"it needs about {rest:.0f} s more where {left:.0f} s of the budget of {clock.seconds:g} s were left"
        return Trial(recipe, reason, seconds=clock.spent() - started)
    folds = [head, *executor.map(lambda split: run_fold(recipe, bank, split), splits[1:])]
    return trial_of(recipe, len(bank.problem.rows), splits, folds, clock.spent() - started)


def _again(trial: Trial, bank: FeatureBank, splits: Sequence[Split], executor: Executor) -> Trial:
    start = time.perf_counter()
    folds = list(executor.map(lambda split: run_fold(trial.recipe, bank, split), splits))
    again = trial_of(trial.recipe, len(bank.problem.rows), splits, folds, time.perf_counter() - start)
    both = np.concatenate([trial.scores, again.scores])
    return replace(trial, scores=both, seconds=trial.seconds + again.seconds)


def coverage(problem: Problem, rounds: Sequence[Sequence[Split]]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Masks of rows whose class could be learnt, and folds, both (repeats, n); a fold of -1 was never held out."""
    n = len(problem.rows)
    seen = np.zeros((len(rounds), n), dtype=bool)
    folds = np.full((len(rounds), n), -1, dtype=np.int64)
    for repeat, splits in enumerate(rounds):
        for number, split in enumerate(splits):
            seen[repeat, split.test] = represented(problem.y, split)
            folds[repeat, split.test] = number
    return seen, folds
