"""Tuning, measured: gains over frozen vectors with few labels, what each way to move weights costs, and objectives.

Parts of it are named like collections: `modicum bench weights --on objectives --on trec` runs one of them on one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.progress import Progress
from modicum.core.records import Table
from modicum.encoders import FolderEncoder, encode, load_encoder
from modicum.evaluation.bench import BenchRow, load_collection
from modicum.workspace.bench.draws import Figure, Measure, gather
from modicum.workspace.bench.tasks import Collection, open_collection
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.ladder.climb import Plan, measured_rows
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, Recipe, fit_recipe
from modicum.workspace.making import make_model
from modicum.workspace.model import Model
from modicum.workspace.registry import method, methods
from modicum.workspace.settings import Settings
from modicum.workspace.tuning.rung import PROBE, RECIPES, replaced
from modicum.workspace.tuning.settings import FULL, TuneSettings
from modicum.workspace.tuning.tuner import Tuned, Tuner

PARTS = ("gains", "ways", "objectives")
COLLECTIONS = ("banking77", "trec", "mpqa")
SHOTS: Mapping[str, tuple[int, ...]] = MappingProxyType({"banking77": (8,)})
"""Labels a class, where not `OTHERS`."""
OTHERS = (8, 64)
STEPS, BATCH = 160, 32
TABLE_SHOTS, TABLE_STEPS = 16, 150
"""Labels a class and steps at which ways to move weights are compared, on the first collection and draw."""
LESSON_STEPS = 80
"""Steps at which objectives are compared, of which a stage before the labels takes half."""
STAGE = "stage"
"""Tag of objectives that are a stage before the labels."""

LADDER = "the ladder on frozen vectors"
GAIN = Measure("accuracy, ", "share", LADDER)
OBJECTIVE = "weights.SupervisedContrastive"
"""What all of them minimise, and whose figures those of all layers are."""
SECONDS = Measure("seconds to tune", "s")
REACHED = Measure("accuracy, by what trains", "share", "all layers")
NUMBERS = Measure("numbers that train", "numbers", "all layers", lower_is_better=True)
SPENT = Measure("seconds, by what trains", "s", "all layers", lower_is_better=True)
LEARNT = Measure("accuracy, by what is minimised", "share", "SupervisedContrastive")
OVER_FROZEN = Measure("accuracy, names + shots on tuned vectors", "share", "names + shots on frozen vectors")
TOOK = Measure("seconds, by what is minimised", "s", "SupervisedContrastive", lower_is_better=True)


@dataclass(frozen=True, eq=False)
class Task:
    """A draw of labels from a collection, with its texts."""

    collection: Collection
    train: Table
    test: Table
    problem: Problem
    seed: int

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows to learn from: the labelled ones first, then some without a label."""
        return measured_rows(self.problem, Plan(seed=self.seed))

    def tuned(
        self,
        base: FolderEncoder,
        settings: TuneSettings,
        folder: Path,
        proba: NDArray[np.floating] | None = None,
    ) -> Tuned:
        """The encoder after it learnt from the rows, of which a frozen model thinks so (n, K)."""
        rows = self.rows
        tokens = base.tokenize([self.train.texts[row] for row in rows])
        names = base.tokenize(self.problem.space.texts())
        codes = np.where(self.problem.labelled, self.problem.codes, -1)[rows]
        think = None if proba is None else lambda seen: proba[seen]
        tuner = Tuner(base, tokens, codes, len(self.problem.space), names, settings, self.seed, think)
        return tuner.run(np.arange(len(rows)), folder, settings.steps)

    def probed(self, encoder: FolderEncoder) -> float:
        """Accuracy of names and shots on the test set; they need no row without a label."""
        return self.accuracies(encoder, (PROBE,), self.problem.rows)[PROBE.name]

    def accuracies(
        self, encoder: FolderEncoder, recipes: Sequence[Recipe], rows: NDArray[np.int64]
    ) -> dict[str, float]:
        """Accuracy on the test set of recipes on an encoder's vectors of these rows."""
        texts, names = [self.train.texts[row] for row in rows], self.problem.space.texts()
        bank = FeatureBank(replaced(self.problem.only(rows), encoder, texts, names))
        X: NDArray[np.floating] = encode(self.test.texts, encoder, cache=False)
        told = {}
        for recipe in recipes:
            answers = fit_recipe(recipe, bank, seed=self.seed).scores(X).argmax(axis=1)
            told[recipe.name] = float((answers == self.collection.codes_test).mean())
        return told

    def ladder(self) -> Model:
        """What the ladder ships without tuning; the bank is told nothing of this collection."""
        settings = Settings(seed=self.seed, bank=load_bank().without(self.collection.name))
        return make_model(self.problem, settings).model

    def frozen(self) -> float:
        """Accuracy of what the ladder ships without tuning."""
        answers = self.ladder().predict(self.collection.X_test)
        return float((answers.codes == self.collection.codes_test).mean())


def run(root: Path, on: Sequence[str], seeds: int, progress: Progress) -> list[BenchRow]:
    """Gains with few labels on every collection, then ways to move weights and objectives on the first one.

    Args:
        root: Folder of collections.
        on: Collections, and parts of the benchmark; all of either where none is named.
        seeds: Draws for the gains.
        progress: Called with the cell that is running.
    """
    parts = [name for name in on if name in PARTS] or PARTS
    base = load_encoder()
    if not isinstance(base, FolderEncoder):
        raise InputError(f"encoder {base.name!r} has no weights that could be tuned; run modicum doctor to see why")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as place:
        for number, name in enumerate([name for name in on if name not in PARTS] or COLLECTIONS):
            collection, tables = open_collection(name, root, progress), load_collection(name, root)
            for shots in SHOTS.get(name, OTHERS) if "gains" in parts else ():
                for seed in range(seeds):
                    progress(f"{name}, {shots} labels a class", seed, seeds)
                    task = Task(collection, *tables, collection.task(shots, seed), seed)
                    figures += _gains(task, base, shots, Path(place))
                progress(f"{name}, {shots} labels a class", seeds, seeds)
            task = Task(collection, *tables, collection.task(TABLE_SHOTS, 0), 0)
            if number == 0 and "ways" in parts:
                figures += _prices(task, base, Path(place), progress)
            if number == 0 and "objectives" in parts:
                figures += _lessons(task, base, Path(place), progress)
    return gather(figures)


def _gains(task: Task, base: FolderEncoder, shots: int, folder: Path) -> Iterator[Figure]:
    where = f"{task.collection.name} test, {shots} labels a class"
    tuned = task.tuned(base, TuneSettings(steps=STEPS, batch=BATCH), folder / "tuned")
    frozen = task.frozen()
    for name, accuracy in task.accuracies(tuned.encoder, RECIPES, task.rows).items():
        yield Figure(replace(GAIN, name=f"{GAIN.name}{name}"), OBJECTIVE, where, accuracy, frozen)
    yield Figure(SECONDS, OBJECTIVE, where, tuned.tuning.seconds)


def all_ways() -> list[str]:
    """Moving all layers, and every method that folds back into plain weights."""
    found = [one for one in methods() if (one.card.room, one.card.question) == ("weights", "adapt")]
    return [FULL, *(one.card.name for one in found if one.load().folds)]


def _prices(task: Task, base: FolderEncoder, folder: Path, progress: Progress) -> Iterator[Figure]:
    """Every way to move weights, beside moving all layers; each at its own rate and the same steps."""
    where = f"{task.collection.name} test, {TABLE_SHOTS} labels a class, {TABLE_STEPS} steps"
    ways = all_ways()
    first: tuple[float, float, float] | None = None
    for number, way in enumerate(ways):
        progress("ways to move weights", number, len(ways))
        settings = TuneSettings(method=way, steps=TABLE_STEPS, batch=BATCH)
        tuned = task.tuned(base, settings, folder / "way")
        accuracy = task.probed(tuned.encoder)
        found = (accuracy, float(tuned.tuning.parameters), tuned.tuning.seconds)
        first = first or found
        for measure, value, against in zip((REACHED, NUMBERS, SPENT), found, first, strict=True):
            yield Figure(measure, OBJECTIVE if way == FULL else f"weights.{way}", where, value, against)
    progress("ways to move weights", len(ways), len(ways))


def all_objectives() -> list[str]:
    """Every objective, the one that is usual first."""
    found = [one.card.name for one in methods() if (one.card.room, one.card.question) == ("weights", "objectives")]
    usual = TuneSettings().objective
    return [usual, *(name for name in found if name != usual)]


def _lessons(task: Task, base: FolderEncoder, folder: Path, progress: Progress) -> Iterator[Figure]:
    """Every objective, with labels, names, unlabelled rows and what the frozen ladder thinks of them."""
    where = f"{task.collection.name} test, {TABLE_SHOTS} labels a class, {LESSON_STEPS} steps"
    proba = task.ladder().proba(task.collection.X[task.rows])
    frozen, names = task.probed(base), all_objectives()
    first: tuple[float, float] | None = None
    for number, name in enumerate(names):
        progress("objectives", number, len(names))
        stages = [name] if STAGE not in method(f"weights.{name}").card.tags else [name, names[0]]
        encoder, seconds = base, 0.0
        for stage in stages:
            settings = TuneSettings(objective=stage, steps=LESSON_STEPS // len(stages), batch=BATCH)
            tuned = task.tuned(encoder, settings, folder / stage, proba)
            encoder, seconds = tuned.encoder, seconds + tuned.tuning.seconds
        accuracy = task.probed(encoder)
        first = first or (accuracy, seconds)
        yield Figure(LEARNT, f"weights.{name}", where, accuracy, first[0])
        yield Figure(OVER_FROZEN, f"weights.{name}", where, accuracy, frozen)
        yield Figure(TOOK, f"weights.{name}", where, seconds, first[1])
    progress("objectives", len(names), len(names))
