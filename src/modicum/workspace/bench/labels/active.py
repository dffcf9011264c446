"""How many labels does a query strategy save? Rounds of asking, answering and refitting, beside random rows.

Each seed draws its own pool of rows, as strategies without chance would else tell one story several times. All start
from the class names alone, ask for one label a class in each round, and share one recipe.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, few_shot_rows, summarize
from modicum.labels.active import (
    Query,
    balanced_query,
    gradient_query,
    k_center_query,
    margin_query,
    random_query,
    typical_query,
    uncertainty_query,
)
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES, FeatureBank, FittedRecipe, Recipe, fit_recipe

ROUNDS = 16
SHARE = 0.8
"""Share of the training rows in the pool of a seed."""
SHOWN = (1, 2, 4, 8, 16)
"""Labels a class at which accuracies are told."""
RANDOM, HOUSE = "random", "margin_query"
TARGET = 0.6
HEAD = next(recipe for recipe in RECIPES if recipe.name == "names + shots")

STRATEGIES: Mapping[str, Query] = MappingProxyType(
    {
        RANDOM: random_query,
        HOUSE: margin_query,
        "balanced_query": balanced_query,
        "margin alone": uncertainty_query,
        "entropy alone": partial(uncertainty_query, measure="entropy"),
        "gradient_query": gradient_query,
        "typical_query": typical_query,
        "k_center_query": k_center_query,
    }
)


@dataclass(frozen=True, eq=False)
class Trace:
    """One run of a strategy."""

    accuracies: NDArray[np.float64]
    """On the test set, with the names alone and after each round (R + 1,)."""
    seconds: float
    """A query took on average."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Every strategy on every collection: labels needed, and accuracies on the way."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        traces: dict[str, list[Trace]] = {}
        for strategy, query in STRATEGIES.items():
            for seed in range(seeds):
                progress(f"{name}, {strategy}", seed, seeds)
                traces.setdefault(strategy, []).append(trace(collection, query, seed))
            progress(f"{name}, {strategy}", seeds, seeds)
        goals = [goal(collection, seed) for seed in range(seeds)]
        rows += to_rows(name, len(collection.space), traces, goals)
    return rows


def pool_of(collection: Collection, seed: int) -> Problem:
    """A draw of the training rows, none of them labelled."""
    rows = np.random.default_rng([1, seed]).permutation(len(collection.X))
    rows = np.sort(rows[: round(SHARE * len(rows))])
    none = np.zeros(len(rows), dtype=bool)
    groups = collection.groups[rows]
    return Problem(collection.X[rows], collection.codes[rows], none, collection.space, collection.class_vectors, groups)


def trace(collection: Collection, query: Query, seed: int, *, recipe: Recipe = HEAD, rounds: int = ROUNDS) -> Trace:
    """Ask, answer and refit from the names alone, one label a class in each round.

    Args:
        collection: Its training rows answer, its test rows judge.
        query: Strategy that chooses the rows.
        seed: Draws the pool, and is the strategy's own.
        recipe: What is fitted in each round.
        rounds: How many.
    """
    problem, rng = pool_of(collection, seed), np.random.default_rng([2, seed])
    fitted = _fit(problem, recipe, seed)
    found, seconds = [_accuracy(fitted, collection)], 0.0
    for _ in range(rounds):
        proba = softmax(fitted.scores(problem.X).astype(np.float64))
        start = time.perf_counter()
        asked = query(problem.X, proba, problem.labelled, len(problem.space), rng)
        seconds += time.perf_counter() - start
        labelled = problem.labelled.copy()
        labelled[asked] = True
        problem = replace(problem, labelled=labelled)
        fitted = _fit(problem, recipe, seed)
        found.append(_accuracy(fitted, collection))
    return Trace(np.array(found), seconds / rounds)


def goal(collection: Collection, seed: int, *, recipe: Recipe = HEAD) -> float:
    """Accuracy with 16 random labels of each class."""
    problem = pool_of(collection, seed)
    labelled = np.zeros(len(problem.X), dtype=bool)
    labelled[few_shot_rows(problem.codes, ROUNDS, np.random.default_rng([3, seed]))] = True
    return _accuracy(_fit(replace(problem, labelled=labelled), recipe, seed), collection)


def labels_needed(accuracies: NDArray[np.floating], wanted: float) -> float:
    """Rounds after which an accuracy is reached, between two of them in proportion; all rounds where it is not.

    Example:
        >>> round(labels_needed(np.array([0.5, 0.6, 0.8]), 0.7), 3)
        1.5
    """
    above = np.flatnonzero(accuracies >= wanted)
    if len(above) == 0:
        return float(len(accuracies) - 1)
    first = int(above[0])
    if first == 0:
        return 0.0
    before, after = float(accuracies[first - 1]), float(accuracies[first])
    return first - 1 + (wanted - before) / (after - before)


def to_rows(name: str, classes: int, traces: Mapping[str, Sequence[Trace]], goals: Sequence[float]) -> list[BenchRow]:
    """Figures of one collection.

    Args:
        name: The collection.
        classes: Its number of classes, and of labels in a round.
        traces: Runs of each strategy, one a seed; `random` among them.
        goals: Accuracy of each seed with 16 random labels of each class.
    """
    wanted, seeds = float(np.mean(goals)), len(goals)
    where = f"{name} test, to reach 16 random labels a class"
    note = f"share of {ROUNDS * classes} labels; 1 where it is not reached"
    curves = {key: np.stack([one.accuracies for one in found]) for key, found in traces.items()}
    rows = [BenchRow("accuracy to reach", where, *_told(goals, None, None, seeds))]
    for key, found in curves.items():
        shares = [labels_needed(curve, wanted) / ROUNDS for curve in found]
        target = TARGET if key == HOUSE else None
        rows.append(BenchRow(f"labels needed, {key}", where, *_told(shares, 1.0, target, seeds), note))
    for shots in (n for n in SHOWN if n < len(curves[RANDOM][0])):
        at = f"{name} test, {shots * classes} labels"
        base = float(curves[RANDOM][:, shots].mean())
        for key, found in curves.items():
            rows.append(BenchRow(f"accuracy, {key}", at, *_told(found[:, shots], base, None, seeds)))
    at, base = f"{name} test, mean of all rounds", float(curves[RANDOM][:, 1:].mean())
    for key, found in curves.items():
        rows.append(BenchRow(f"accuracy, {key}", at, *_told(found[:, 1:].mean(axis=1), base, None, seeds)))
    for key, runs in traces.items():
        value, spread = summarize([one.seconds for one in runs])
        rows.append(BenchRow(f"time of a query, {key}", f"{name} train", value, "s", None, None, seeds, spread))
    return rows


def _told(
    values: Sequence[float] | NDArray[np.floating], baseline: float | None, target: float | None, seeds: int
) -> tuple[float, str, float | None, float | None, int, float | None]:
    value, spread = summarize([float(one) for one in values])
    return value, "share", None if baseline is None else round(baseline, 5), target, seeds, spread


def _fit(problem: Problem, recipe: Recipe, seed: int) -> FittedRecipe:
    return fit_recipe(recipe, FeatureBank(problem), seed=seed)


def _accuracy(fitted: FittedRecipe, collection: Collection) -> float:
    return float((fitted.scores(collection.X_test).argmax(axis=1) == collection.codes_test).mean())
