"""Accuracy with few labels: what is shipped, beside every recipe alone, on a test set nothing was learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from modicum.core.progress import Progress
from modicum.evaluation.bench import BenchRow, summarize
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.executors import LocalExecutor
from modicum.workspace.fitting import make_model
from modicum.workspace.recipes import BASELINE, fit_recipe
from modicum.workspace.settings import Settings

SHOTS = (1, 4, 8, 16)
TARGETS = {("banking77", 1): 0.73, ("banking77", 4): 0.81, ("banking77", 8): 0.86, ("banking77", 16): 0.885}
SHIPPED = "shipped"
Cell = dict[str, float]


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Every collection at 1, 4, 8 and 16 labels a class."""
    rows: list[BenchRow] = []
    for name in on:
        collection = open_collection(name, root, progress)
        for shots in SHOTS:
            cells = []
            for seed in range(seeds):
                progress(f"{name}, {shots} labels a class", seed, seeds)
                cells.append(measure(collection, shots, seed))
            progress(f"{name}, {shots} labels a class", seeds, seeds)
            rows += _rows(name, shots, cells)
    return rows


def measure(collection: Collection, shots: int, seed: int) -> Cell:
    """Test accuracy of what is shipped and of every recipe the ladder tried, for one draw of labels."""
    problem = collection.task(shots, seed)
    made = make_model(problem, Settings(seed=seed))
    truth = collection.codes_test
    cell = {SHIPPED: float((made.model.predict(collection.X_test).codes == truth).mean())}
    recipes = [trial.recipe for trial in made.climbed.tried]
    for recipe in recipes:
        made.bank.get(recipe)
    fitted = LocalExecutor(2).map(lambda recipe: fit_recipe(recipe, made.bank, seed=seed), recipes)
    for recipe, one in zip(recipes, fitted, strict=True):
        cell[recipe.name] = float((one.scores(collection.X_test).argmax(axis=1) == truth).mean())
    return cell


def _rows(name: str, shots: int, cells: Sequence[Cell]) -> list[BenchRow]:
    where, seeds = f"{name} test, {shots} labels a class", len(cells)
    baseline = float(np.mean([cell[BASELINE] for cell in cells]))
    rows = []
    for key in cells[0]:
        value, spread = summarize([cell[key] for cell in cells if key in cell])
        target = TARGETS.get((name, shots)) if key == SHIPPED else None
        rows.append(BenchRow(f"accuracy, {key}", where, value, "share", baseline, target, seeds, spread, ""))
    regrets = [max(v for k, v in cell.items() if k != SHIPPED) - cell[SHIPPED] for cell in cells]
    value, spread = summarize(regrets)
    note = "best recipe of each draw, known only afterwards, minus what was shipped"
    rows.append(BenchRow("regret", where, value, "share", None, None, seeds, spread, note))
    return rows
