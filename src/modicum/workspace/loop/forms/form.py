"""What differs between rows of one label and rows of several, so that one session serves both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, count
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import Table
from modicum.evaluation.curves import Gain
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe, Recipe
from modicum.workspace.loop.board import Board
from modicum.workspace.loop.consensus import Consensus
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.measured import Measured, Point, Scale
from modicum.workspace.loop.state import State

Floats = NDArray[np.floating]


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, numbered where it is taken.

    Example:
        >>> free_name("label", ["text"]), free_name("label", ["label", "label_2"])
        ('label', 'label_3')
    """
    numbered = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], numbered) if each not in taken)


class Form(Protocol):
    """One form of answers. Classes go by their numbers."""

    @property
    def several(self) -> bool:
        """Whether a row may have several labels, or none."""

    @property
    def answers(self) -> tuple[str, ...]:
        """Kinds of answers that there are."""

    @property
    def figure(self) -> str:
        """Name of the figure by which the model is judged."""

    @property
    def scale(self) -> Scale:
        """What makes probabilities of scores before anything was measured."""

    @property
    def cheaper(self) -> Sequence[str]:
        """Recipes that suggest, the best first; a later one where an earlier one takes too long."""

    def column(self, table: Table) -> str:
        """Column that an export fills."""

    def parts(self, cell: str) -> tuple[str, ...]:
        """Names in a label of the table."""

    def cell(self, names: Iterable[str]) -> str:
        """The label of the table that holds these names: the inverse of `parts`."""

    def check_name(self, name: str) -> str:
        """Return the name of a class if a cell can hold it.

        Raises:
            InputError: It cannot.
        """

    def check_labels(self, labels: Sequence[object]) -> None:
        """Refuse labels of a row that are too many or too few.

        Raises:
            InputError: They are.
        """

    def imported(self, found: Iterable[Foreign]) -> list[Foreign]:
        """Labels from elsewhere, whole: one entry per answer.

        Raises:
            InputError: An entry holds what this form has no place for.
        """

    def board(self, table: Table, state: State) -> Board:
        """The standing of all rows."""

    def consensus(self, state: State) -> Consensus:
        """The annotators' answers weighed against each other."""

    def recipe(self, problem: Problem, start: int) -> Recipe | None:
        """The best recipe for a table from `cheaper`, from a place on; None where there is nothing to learn from."""

    def fit(self, recipe: Recipe, problem: Problem, seed: int) -> FittedRecipe:
        """Fit a recipe on all labelled rows, or on the names of the classes where there is none."""

    def doubt(self, proba: Floats) -> Floats:
        """Probabilities (N, 2 or more), summing to 1, by which a query tells which rows are in doubt."""

    def measure(
        self, problem: Problem, numbers: tuple[int, ...], recipe: Recipe, chance: NDArray[np.bool_]
    ) -> Measured | None:
        """Cross-validate a recipe on the labelled rows; None where that would tell nothing.

        Args:
            problem: All rows, with the labels of the moment.
            numbers: Number of the class of each column.
            recipe: What is measured.
            chance: Mask (N,) of rows that chance picked.
        """

    def gain(self, points: Sequence[Point]) -> Gain | None:
        """What the next labels should bring, from points of the learning curve; None where it does not tell."""
