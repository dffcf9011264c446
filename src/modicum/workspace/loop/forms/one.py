"""One label a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.evaluation.curves import Gain
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import RECIPES, FeatureBank, FittedRecipe, Recipe, fit_recipe
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.board import Board, Targets
from modicum.workspace.loop.consensus import Consensus, Label, find_consensus, label_of
from modicum.workspace.loop.events import Item
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.forms.form import free_name
from modicum.workspace.loop.measured import Measured, Point, Temperature, gain, measure
from modicum.workspace.loop.state import State

Floats = NDArray[np.floating]


class OneLabel:
    """Every row has one class."""

    several = False
    answers = (kinds.LABEL, kinds.UNLABEL, kinds.SKIP, kinds.UNSURE, kinds.NOTE)
    figure = "Accuracy"
    scale = Temperature(1.0)
    cheaper: Sequence[str] = ("self-training", "names + shots", "class means")

    def column(self, table: Table) -> str:
        """The label column; where there is none, `label`, or else a name that is free."""
        return table.label_column or free_name("label", (*table.columns, table.text_column))

    def parts(self, cell: str) -> tuple[str, ...]:
        """The name, whole."""
        return (cell,)

    def cell(self, names: Iterable[str]) -> str:
        """The only name."""
        (name,) = names
        return name

    def check_name(self, name: str) -> str:
        """Any name will do."""
        return name

    def check_labels(self, labels: Sequence[object]) -> None:
        """There must be one.

        Raises:
            InputError: There is none, or more.
        """
        if not labels:
            raise InputError("a label names a class, and nothing else does; choose a class")
        if len(set(labels)) > 1:
            raise InputError(
                f"a row has one label here, not {len(set(labels))}; for several say what parts them (--separator)"
            )

    def imported(self, found: Iterable[Foreign]) -> list[Foreign]:
        """Every label as it came.

        Raises:
            InputError: A text has several labels at once.
        """
        told = [each for each in found if each.labels]
        wrong = next((each for each in told if len(each.labels) > 1), None)
        if wrong is not None:
            labels = ", ".join(map(repr, wrong.labels[:3]))
            raise InputError(
                f"the text {wrong.text[:40]!r} has several labels at once ({labels}); to label rows that may have "
                "several say what parts them (--separator)"
            )
        return told

    def board(self, table: Table, state: State) -> Board:
        """A class for each row."""
        return OneBoard(table, state)

    def consensus(self, state: State) -> Consensus:
        """What is probably right, and who."""
        return find_consensus(state)

    def recipe(self, problem: Problem, start: int) -> Recipe | None:
        """A recipe that has what it needs."""
        told = len(np.unique(problem.y))
        if len(problem.space) < 2 or (told == 0 and problem.class_vectors is None):
            return None
        for name in self.cheaper[min(start, len(self.cheaper) - 1) :]:
            recipe = next(recipe for recipe in RECIPES if recipe.name == name)
            if "unlabelled" in recipe.needs and len(problem.unlabelled_rows) == 0:
                continue
            if "names" in recipe.needs and problem.class_vectors is None:
                recipe = next(recipe for recipe in RECIPES if recipe.name == "linear")
            return recipe
        return None

    def fit(self, recipe: Recipe, problem: Problem, seed: int) -> FittedRecipe:
        """As the ladder does."""
        return fit_recipe(recipe, FeatureBank(problem), seed=seed)

    def doubt(self, proba: Floats) -> Floats:
        """The probabilities themselves."""
        return proba

    def measure(
        self, problem: Problem, numbers: tuple[int, ...], recipe: Recipe, chance: NDArray[np.bool_]
    ) -> Measured | None:
        """Accuracy with its interval."""
        return measure(problem, numbers, recipe, chance)

    def gain(self, points: Sequence[Point]) -> Gain | None:
        """By the slope of other tables where few points tell little."""
        return gain(points)


class OneBoard(Board):
    """A class for each row."""

    def __init__(self, table: Table, state: State) -> None:
        names = sorted({label for label in table.labels if label is not None})
        places = {name: place for place, name in enumerate(names)}
        self._given = np.array([-1 if label is None else places[label] for label in table.labels], dtype=np.int64)
        self.codes: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        """Number of the class of each row (N,); -1 where there is no label."""
        self._own: NDArray[np.int64] = self.codes
        """The same by the table alone."""
        super().__init__(table, state, names)

    def _begin(self, state: State) -> None:
        self._own = np.append(self._numbers(state), -1)[self._given]
        self.codes = self._own.copy()

    def _label_of(self, state: State, item: Item) -> Label | None:
        return label_of(state, item, self.settled)

    def _put(self, row: int, label: Label | None) -> None:
        self.codes[row] = -1 if label is None else label[0]

    def _restore(self, row: int) -> None:
        self.codes[row] = self._own[row]

    def given(self, row: int) -> bool:
        """Whether the table itself holds a label of the row."""
        return bool(self._given[row] >= 0)

    def label(self, row: int) -> Label | None:
        """The class of a row."""
        code = int(self.codes[row])
        return None if code < 0 else (code,)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask (N,) of rows with a label."""
        return self.codes >= 0

    def counts(self) -> dict[int, int]:
        """Rows of each class that has any."""
        numbers, counts = np.unique(self.codes[self.codes >= 0], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def colours(self) -> NDArray[np.int64]:
        """The class of each row."""
        return self.codes

    def targets(self, numbers: Sequence[int]) -> Targets:
        """Columns of the classes; 0 where there is no label."""
        place = np.zeros(max((*numbers, 0)) + 2, dtype=np.int64)
        place[list(numbers)] = np.arange(len(numbers))
        return np.where(self.codes >= 0, place[self.codes], 0), self.labelled, None
