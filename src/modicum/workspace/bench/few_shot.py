"""Accuracy with few labels: what is shipped, beside every recipe alone, on a test set nothing was learnt from.

Vectors are those that `fit` takes by default, with the words of the training texts beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.evaluation import metrics
from modicum.evaluation.bench import BenchRow, summarize
from modicum.evaluation.curves import PowerLaw
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.ladder.curve import LEVEL, anchor
from modicum.workspace.ladder.recipes import BASELINE, fit_recipe
from modicum.workspace.making import make_model
from modicum.workspace.settings import Settings

SHOTS = (1, 4, 8, 16)
TARGETS = {("banking77", 1): 0.75, ("banking77", 4): 0.825, ("banking77", 8): 0.87, ("banking77", 16): 0.89}
SHIPPED = "shipped"
FORECASTS = ((4, 8), (4, 16), (8, 16))
"""Labels a class at which more are forecast, and how many more they are there."""


@dataclass(frozen=True)
class Cell:
    """One draw of labels, judged on the test set."""

    accuracies: dict[str, float]
    """Of what was shipped and of every recipe that was tried."""
    calibration_error: float
    labels: int
    law: PowerLaw | None
    """What the learning curve was expected to be."""
    anchor: tuple[float, float, float]
    """Labels, accuracy and standard error from which it sets out."""


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Every collection at 1, 4, 8 and 16 labels a class; then the regret and the forecasts of all together."""
    rows: list[BenchRow] = []
    cells: dict[tuple[str, int], list[Cell]] = {}
    for name in on:
        collection = open_collection(name, root, progress, words=True)
        for shots in SHOTS:
            found = cells.setdefault((name, shots), [])
            for seed in range(seeds):
                progress(f"{name}, {shots} labels a class", seed, seeds)
                found.append(measure(collection, shots, seed))
            progress(f"{name}, {shots} labels a class", seeds, seeds)
            rows += _rows(name, shots, found)
    return rows + _regret(cells) + _forecasts(cells)


def measure(collection: Collection, shots: int, seed: int) -> Cell:
    """What is shipped and every recipe the ladder tried; the bank is told nothing of this collection."""
    problem = collection.task(shots, seed)
    made = make_model(problem, Settings(seed=seed, bank=load_bank().without(collection.name)))
    truth = collection.codes_test
    answers = made.model.predict(collection.X_test)
    accuracies = {SHIPPED: float((answers.codes == truth).mean())}
    recipes = [trial.recipe for trial in made.climbed.tried]
    for recipe in recipes:
        made.bank.get(recipe)
    fitted = LocalExecutor(2).map(lambda recipe: fit_recipe(recipe, made.bank, seed=seed), recipes)
    for recipe, one in zip(recipes, fitted, strict=True):
        accuracies[recipe.name] = float((one.scores(collection.X_test).argmax(axis=1) == truth).mean())
    error = float(metrics.expected_calibration_error(answers.probabilities, truth))
    law = None if made.curve is None else made.curve.law
    held = (0.0, 0.0, 0.0) if made.choice is None else anchor(made.choice.shipped, made.climbed, problem.y)
    return Cell(accuracies, error, len(problem.rows), law, held)


def _rows(name: str, shots: int, cells: Sequence[Cell]) -> list[BenchRow]:
    where, seeds = f"{name} test, {shots} labels a class", len(cells)
    rows = []
    for key in dict.fromkeys(key for cell in cells for key in cell.accuracies):
        # A recipe that the budget left out of some draws stands beside the baseline of the draws it was tried in.
        tried = [cell.accuracies for cell in cells if key in cell.accuracies]
        value, spread = summarize([one[key] for one in tried])
        baseline = float(np.mean([one[BASELINE] for one in tried]))
        target = TARGETS.get((name, shots)) if key == SHIPPED else None
        rows.append(BenchRow(f"accuracy, {key}", where, value, "share", baseline, target, len(tried), spread, ""))
    value, spread = summarize([cell.calibration_error for cell in cells])
    target = 0.03 if (name, shots) == ("banking77", 8) else None
    rows.append(BenchRow("calibration error, shipped", where, value, "share", None, target, seeds, spread, ""))
    value, spread = summarize([_lost(cell) for cell in cells])
    note = "best recipe of each draw, known only afterwards, minus what was shipped"
    return [*rows, BenchRow("regret", where, value, "share", None, None, seeds, spread, note)]


def _lost(cell: Cell) -> float:
    return max(v for k, v in cell.accuracies.items() if k != SHIPPED) - cell.accuracies[SHIPPED]


def _regret(cells: Mapping[tuple[str, int], Sequence[Cell]]) -> list[BenchRow]:
    """Against the best recipe of each draw, and against that which is best on the average of a cell's draws."""
    draws = [_lost(cell) for found in cells.values() for cell in found]
    means = []
    for found in cells.values():
        shared = set.intersection(*(set(cell.accuracies) for cell in found))
        mean = {key: float(np.mean([cell.accuracies[key] for cell in found])) for key in shared}
        means.append(max(v for k, v in mean.items() if k != SHIPPED) - mean[SHIPPED])
    where, count = f"{_named(cells)}, all numbers of labels", len(draws)
    return [
        BenchRow("regret, best recipe of each draw", where, summarize(draws)[0], "share", None, 0.005, count),
        BenchRow("regret, best recipe of each cell", where, summarize(means)[0], "share", None, 0.005, count),
        BenchRow("regret, worst cell", where, round(max(means), 5), "share", None, 0.04, count),
    ]


def _named(cells: Mapping[tuple[str, int], Sequence[Cell]]) -> str:
    """The collections by name, so that a part that is measured again never stands for the whole."""
    return ", ".join(dict.fromkeys(name for name, _ in cells))


def _forecasts(cells: Mapping[tuple[str, int], Sequence[Cell]]) -> list[BenchRow]:
    """How often the accuracy with more labels fell into the band that was forecast for it."""
    inside = []
    for name in dict.fromkeys(name for name, _ in cells):
        for few, many in FORECASTS:
            for cell, later in zip(cells[name, few], cells[name, many], strict=True):
                if cell.law is not None:
                    labels, accuracy, se = cell.anchor
                    at = [cell.labels * many / few]
                    band = cell.law.forecast(at, labels=labels, accuracy=accuracy, se=se, level=LEVEL)
                    inside.append(bool(band.low[0] <= later.accuracies[SHIPPED] <= band.high[0]))
    where = f"accuracy at 2 to 4 times as many labels, {_named(cells)}"
    note = "the draws with more labels hold those with fewer"
    if not inside:
        return []
    share, key = summarize(inside)[0], "evaluation.power_law"
    return [BenchRow("coverage, forecast", where, share, "share", None, LEVEL, len(inside), None, note, key)]
