"""Whether shaped, fused, pruned and chosen vectors deserve a rung: each beside the vectors as they are, same labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from modicum.core.progress import Progress
from modicum.data.select import nearest_coreset
from modicum.evaluation.bench import BenchRow
from modicum.vectors.shape import Whitening, WidthCut
from modicum.workspace.bench.draws import POOL, Figure, Measure, gather
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES, FeatureBank, fit_recipe

SHOTS = (1, 4, 16)
TRIED = ("linear", "names + shots", "self-training", "smoothed, self-training")
"""Recipes that are fitted on each kind of vectors."""
WIDTH, KEPT = 192, 0.5
"""Columns that are left of a cut, and the share of unlabelled rows that is left of a choice."""
PLAIN = "vectors as they are"

Floats = NDArray[np.floating]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Every change of vectors or rows, under every recipe, on every collection with 1, 4 and 16 labels a class."""
    figures: list[Figure] = []
    for name in on:
        plain = open_collection(name, root, progress)
        shaped = {PLAIN: plain, **{key: _shaped(plain, change) for key, change in _CHANGES.items()}}
        shaped["fused with words"] = open_collection(name, root, progress, words=True)
        for step in range(len(SHOTS) * seeds):
            progress(f"{name}, rungs", step, len(SHOTS) * seeds)
            place, seed = divmod(step, seeds)
            figures += _measured(shaped, SHOTS[place], seed)
        progress(f"{name}, rungs", len(SHOTS) * seeds, len(SHOTS) * seeds)
    return gather(figures)


def _measured(shaped: Mapping[str, Collection], shots: int, seed: int) -> Iterator[Figure]:
    plain = shaped[PLAIN]
    where = f"{plain.name} test, {shots} label{'s' if shots > 1 else ''} a class"
    rows = np.random.default_rng(seed).permutation(len(plain.X))[:POOL]
    problems = {key: _thin(one.task(shots, seed), rows) for key, one in shaped.items()}
    found = {key: _accuracies(problem, shaped[key], seed) for key, problem in problems.items()}
    for key, choose in _CHOICES.items():
        found[key] = _accuracies(choose(problems[PLAIN], seed), plain, seed)
    for key, values in found.items():
        for recipe, value in values.items():
            measure = Measure(f"accuracy, {recipe}, {key}", "share", PLAIN)
            yield Figure(measure, _KEYS.get(key), where, value, None if key == PLAIN else found[PLAIN][recipe])


def _thin(problem: Problem, rows: NDArray[np.int64]) -> Problem:
    return problem.only(np.union1d(problem.rows, rows))


def _accuracies(problem: Problem, of: Collection, seed: int) -> dict[str, float]:
    bank = FeatureBank(problem)
    fitted = {recipe.name: fit_recipe(recipe, bank, seed=seed) for recipe in RECIPES if recipe.name in TRIED}
    right = {name: one.scores(of.X_test).argmax(axis=1) == of.codes_test for name, one in fitted.items()}
    return {name: float(hits.mean()) for name, hits in right.items()}


def _shaped(plain: Collection, change: Callable[[], Whitening | WidthCut]) -> Collection:
    shape = change().fit(plain.X)
    X, X_test, names = (shape.transform(rows) for rows in (plain.X, plain.X_test, plain.class_vectors))
    return replace(plain, X=X, X_test=X_test, class_vectors=names)


def _one_of_each(problem: Problem, seed: int) -> Problem:
    """Of rows without a label that say the same, one."""
    groups = np.arange(len(problem.X)) if problem.groups is None else problem.groups
    first = np.unique(groups, return_index=True)[1]
    return problem.only(np.union1d(problem.rows, first))


def _nearest(problem: Problem, seed: int) -> Problem:
    """The half of the rows without a label that lies nearest to the labelled ones."""
    rest = problem.unlabelled_rows
    keep = max(1, round(KEPT * len(rest)))
    found = nearest_coreset(problem.X[rest], problem.X[problem.rows], keep, rng=np.random.default_rng(seed))
    return problem.only(np.union1d(problem.rows, rest[found.rows]))


_CHANGES: Mapping[str, Callable[[], Whitening | WidthCut]] = MappingProxyType(
    {"whitened": Whitening, f"cut to {WIDTH}": lambda: WidthCut(WIDTH)}
)
_CHOICES: Mapping[str, Callable[[Problem, int], Problem]] = MappingProxyType(
    {"without copies": _one_of_each, "nearest half of the pool": _nearest}
)
_KEYS = MappingProxyType(
    {
        "whitened": "vectors.Whitening",
        f"cut to {WIDTH}": "vectors.WidthCut",
        "fused with words": "vectors.fused_vectors",
        "without copies": "data.near_duplicates",
        "nearest half of the pool": "data.nearest_coreset",
    }
)
