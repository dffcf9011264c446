"""How the bank of results is made: every recipe, and their pool, on tables whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_softmax
from modicum.core.progress import Progress
from modicum.evaluation.stats import log_pool, pool_weights
from modicum.workspace.bench.tasks import Collection
from modicum.workspace.budget import Clock
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.agreement import agreement, unlabelled_sample
from modicum.workspace.ladder.bank import Bank, Entry
from modicum.workspace.ladder.choice import candidates_of, mean_confidence, natural_scale
from modicum.workspace.ladder.climb import Plan, climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES, FeatureBank, FittedRecipe, fit_recipe

SHOTS = (0, 1, 2, 4, 8, 16)
POOL = 4_000
"""Most rows without a label."""
PARTS = (5, 12, 25)
"""Numbers of classes of the smaller tables that are cut from one of many classes."""
PULL = 0.05
"""Nats a test row by which the best shares are held towards equal ones."""
PLENTY = 3_600.0

Floats = NDArray[np.floating]


def with_parts(collection: Collection) -> Iterator[Collection]:
    """The collection, and smaller ones of random classes where it has more than twice as many."""
    yield collection
    rng = np.random.default_rng(0)
    for count in PARTS:
        if count * 2 < len(collection.space):
            yield collection.part(np.sort(rng.permutation(len(collection.space))[:count]))


def build(collections: Sequence[Collection], seeds: int, progress: Progress) -> Bank:
    """One entry for each collection, or part of one, and number of labels a class; means over `seeds` draws."""
    cells = [(part, whole.name, s) for whole in collections for part in with_parts(whole) for s in SHOTS]
    entries = []
    for number, (part, family, shots) in enumerate(cells):
        progress(f"{part.name}, {shots} labels a class", number, len(cells))
        entries.append(_mean([_entry(part, family, shots, seed) for seed in range(seeds)]))
    progress("bank", len(cells), len(cells))
    return Bank(tuple(entries))


def _entry(of: Collection, family: str, shots: int, seed: int) -> Entry:
    problem = _thin(of.task(shots, seed), seed)
    features, executor = FeatureBank(problem), LocalExecutor(2)
    for recipe in RECIPES:
        features.get(recipe)
    fitted = list(executor.map(lambda recipe: fit_recipe(recipe, features, seed=seed), RECIPES))
    scales, weights = _measured(problem, executor, seed) if shots else _unmeasured(problem, fitted)
    pooled = np.array([recipe.pooled for recipe in RECIPES])
    test = _logs(fitted, scales, of.X_test)
    rows = unlabelled_sample(problem, seed)
    best = pool_weights(
        test[pooled], of.codes_test, np.full(pooled.sum(), 1 / pooled.sum()), strength=PULL * len(of.codes_test)
    )
    answers = log_pool(test[pooled], weights).argmax(axis=1)
    return Entry(
        of.name,
        family,
        len(of.space),
        float(shots),
        agreement(_logs(fitted, scales, problem.X[rows])[pooled], weights),
        float((answers == of.codes_test).mean()),
        {r.name: float(w) for r, w in zip([r for r in RECIPES if r.pooled], best, strict=True)},
        {r.name: float((t.argmax(axis=1) == of.codes_test).mean()) for r, t in zip(RECIPES, test, strict=True)},
    )


def _thin(problem: Problem, seed: int) -> Problem:
    pool = np.random.default_rng(seed).permutation(problem.unlabelled_rows)[:POOL]
    return problem.only(np.sort(np.concatenate([problem.rows, pool])))


def _measured(problem: Problem, executor: LocalExecutor, seed: int) -> tuple[Floats, Floats]:
    """Scales of all recipes, and shares of the pooled ones from the evidence alone."""
    climbed = climb(problem, RECIPES, Clock(PLENTY), plan=Plan(repeats=2, seed=seed), executor=executor)
    *singles, pool = candidates_of(climbed, problem.y, Bank())
    shares = {t.recipe.name: w for t, w in zip(pool.trials, pool.weights, strict=True)}
    weights = [shares.get(recipe.name, 0.0) for recipe in RECIPES if recipe.pooled]
    return np.array([single.scales[0] for single in singles]), np.array(weights)


def _unmeasured(problem: Problem, fitted: Sequence[FittedRecipe]) -> tuple[Floats, Floats]:
    """Scales at which all recipes are as confident as the middle one, and equal shares."""
    scores = [one.scores(problem.X[:2_000]).astype(np.float64) for one in fitted]
    confidence = float(np.median([mean_confidence(own) for own in scores]))
    pooled = sum(recipe.pooled for recipe in RECIPES)
    return np.array([natural_scale(own, confidence) for own in scores]), np.full(pooled, 1 / pooled)


def _logs(fitted: Sequence[FittedRecipe], scales: Floats, X: Floats) -> Floats:
    pairs = zip(fitted, scales, strict=True)
    return np.stack([log_softmax(one.scores(X).astype(np.float64) / scale) for one, scale in pairs])


def _mean(entries: Sequence[Entry]) -> Entry:
    first = entries[0]
    return Entry(
        first.table,
        first.family,
        first.classes,
        first.labels_per_class,
        _rounded([entry.agreement for entry in entries]),
        _rounded([entry.accuracy for entry in entries]),
        {name: _rounded([entry.shares[name] for entry in entries]) for name in first.shares},
        {name: _rounded([entry.accuracies[name] for entry in entries]) for name in first.accuracies},
    )


def _rounded(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)
