"""Several labels a row, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.evaluation.curves import Gain
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, FittedRecipe, Recipe, fit_recipe
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.board import Board, Targets
from modicum.workspace.loop.consensus import Consensus, Label
from modicum.workspace.loop.events import Item
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.forms.agreed import find_sets, set_of
from modicum.workspace.loop.forms.form import free_name
from modicum.workspace.loop.forms.judged import Lines, measure_sets
from modicum.workspace.loop.forms.one import OneLabel
from modicum.workspace.loop.measured import Measured, Point, gain, law_of
from modicum.workspace.loop.state import State
from modicum.workspace.targets.labels import LabelsTarget, rarest
from modicum.workspace.targets.recipes import LABELS_BASELINE, WITH_NAMES

Floats = NDArray[np.floating]
NONE = -2
"""Colour of a row that is known to have no label."""
CURVE = 3
"""Points of the learning curve without which it tells nothing."""
DOUBT, KNOWN = 0.5, 0.12
"""Standard deviation of the slope before there is a point, as nothing is known of F1 on other tables, and the one from
which on the curve is believed: that of accuracies over tables."""


class SeveralLabels:
    """Every row has a set of labels, which may be empty.

    Args:
        separator: What joins the names in a cell.
    """

    several = True
    answers = (*OneLabel.answers, kinds.ADD, kinds.REMOVE)
    figure = "Micro F1"
    scale = Lines()
    cheaper: Sequence[str] = (WITH_NAMES[0], "nearest rows")

    def __init__(self, separator: str) -> None:
        self.separator = separator

    def column(self, table: Table) -> str:
        """The label column; where there are several or none, `labels`, or else a name that is free."""
        if table.label_column in table.columns:
            return str(table.label_column)
        taken = (*table.columns, table.text_column)
        return "labels" if "labels" not in taken else free_name("all_labels", taken)

    def parts(self, cell: str) -> tuple[str, ...]:
        """The names between separators."""
        return tuple(name.strip() for name in cell.split(self.separator) if name.strip())

    def cell(self, names: Iterable[str]) -> str:
        """The names in alphabetical order, joined; a separator alone where there is none."""
        return self.separator.join(sorted(names)) or self.separator

    def check_name(self, name: str) -> str:
        """A name must not hold the separator.

        Raises:
            InputError: It does.
        """
        if self.separator in name:
            raise InputError(
                f"the name {name!r} holds {self.separator!r}, which parts labels; choose another name, or another "
                "--separator"
            )
        return name

    def check_labels(self, labels: Sequence[object]) -> None:
        """Any set will do, the empty one as well."""

    def imported(self, found: Iterable[Foreign]) -> list[Foreign]:
        """Labels of one text by one annotator add up to a set.

        Raises:
            InputError: The name of a label holds the separator.
        """
        sets: dict[tuple[str, str], set[str]] = {}
        for each in found:
            names = self.parts(each.labels[0]) if each.whole else map(self.check_name, each.labels)
            sets.setdefault((each.text, each.who), set()).update(names)
        return [Foreign(text, tuple(sorted(names)), who) for (text, who), names in sets.items()]

    def board(self, table: Table, state: State) -> Board:
        """A set for each row."""
        return SeveralBoard(table, state, self)

    def consensus(self, state: State) -> Consensus:
        """What is probably right of every label, and who."""
        return find_sets(state)

    def recipe(self, problem: Problem, start: int) -> Recipe | None:
        """A recipe of the ladder for several labels; without names that tell, the one without names."""
        names = problem.class_vectors is not None
        if not len(problem.space) or not (len(problem.rows) or names):
            return None
        wanted = self.cheaper[min(start, len(self.cheaper) - 1)] if len(problem.rows) else self.cheaper[0]
        if wanted == WITH_NAMES[0] and not names:
            wanted = LABELS_BASELINE
        return next(recipe for recipe in LabelsTarget().recipes(problem) if recipe.name == wanted)

    def fit(self, recipe: Recipe, problem: Problem, seed: int) -> FittedRecipe:
        """As the ladder does; where no row is labelled, each name stands for a row that has this label alone."""
        if len(problem.rows) == 0 and problem.class_vectors is not None:
            each = np.arange(len(problem.space))
            known, alone = np.ones(len(each), dtype=bool), np.eye(len(each), dtype=np.uint8)
            problem = Problem(problem.class_vectors, each, known, problem.space, problem.class_vectors, targets=alone)
        return fit_recipe(recipe, FeatureBank(problem), seed=seed)

    def doubt(self, proba: Floats) -> Floats:
        """Two columns: a row is the more torn between them, the more of its labels are in doubt."""
        sure = np.clip(proba, 1e-9, 1 - 1e-9)
        entropy = -(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)).sum(axis=1)
        half = 0.5 * entropy / max(float(entropy.max(initial=0.0)), 1e-9)
        return np.stack([1 - half, half], axis=1)

    def measure(
        self, problem: Problem, numbers: tuple[int, ...], recipe: Recipe, chance: NDArray[np.bool_]
    ) -> Measured | None:
        """Micro F1 with its interval."""
        return measure_sets(problem, numbers, recipe, chance)

    def gain(self, points: Sequence[Point]) -> Gain | None:
        """Where the points themselves tell the slope: nothing is known of its size on other tables."""
        law = law_of(points, slope_sd=DOUBT)
        return gain(points, law) if len(points) >= CURVE and law.slope_sd <= KNOWN else None


class SeveralBoard(Board):
    """A set of labels for each row: pairs of a row and a label, and what answers made of them."""

    def __init__(self, table: Table, state: State, form: SeveralLabels) -> None:
        given = [None if label is None else form.parts(label) for label in table.labels]
        names = sorted({name for found in given if found is not None for name in found})
        places = {name: place for place, name in enumerate(names)}
        self._given = [None if found is None else tuple(places[name] for name in found) for found in given]
        pairs = [(row, place) for row, found in enumerate(self._given) for place in found or ()]
        self._pairs = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        self._own = np.empty(0, dtype=np.int64)
        """Number of the class of each name of the table."""
        self._answered: dict[int, Label | None] = {}
        self._known = np.empty(0, dtype=bool)
        super().__init__(table, state, names)

    def _begin(self, state: State) -> None:
        self._own = self._numbers(state)
        self._answered = {}
        self._known = np.array([found is not None for found in self._given], dtype=bool)

    def _label_of(self, state: State, item: Item) -> Label | None:
        return set_of(state, item, self.settled)

    def _put(self, row: int, label: Label | None) -> None:
        self._answered[row] = label
        self._known[row] = label is not None

    def _restore(self, row: int) -> None:
        self._answered.pop(row, None)
        self._known[row] = self.given(row)

    def given(self, row: int) -> bool:
        """Whether the table itself says which labels the row has."""
        return self._given[row] is not None

    def label(self, row: int) -> Label | None:
        """The labels of a row; empty where it is known to have none."""
        if row in self._answered:
            return self._answered[row]
        found = self._given[row]
        return None if found is None else tuple(sorted({int(self._own[place]) for place in found}))

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask (N,) of rows whose labels are known."""
        return self._known.copy()

    def counts(self) -> dict[int, int]:
        """Rows of each label that has any."""
        numbers, counts = np.unique(self._standing()[1], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    def colours(self) -> NDArray[np.int64]:
        """The rarest label of each row, which tells most."""
        rows, numbers = self._standing()
        counts = np.bincount(numbers)
        order = np.lexsort((numbers, counts[numbers], rows))
        first = order[np.unique(rows[order], return_index=True)[1]]
        out = np.where(self._known, NONE, -1)
        out[rows[first]] = numbers[first]
        return out

    def targets(self, numbers: Sequence[int]) -> Targets:
        """Strata, which splits deal out evenly, and the indicator matrix."""
        rows, found = self._standing()
        place = np.zeros(max((*numbers, 0)) + 1, dtype=np.int64)
        place[list(numbers)] = np.arange(len(numbers))
        Y = np.zeros((len(self.items), len(numbers)), dtype=np.uint8)
        Y[rows, place[found]] = 1
        return rarest(Y, self._known), self.labelled, Y

    def _standing(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All pairs of a row and the number of a label that it has, once each, by row."""
        own = [(row, number) for row, label in self._answered.items() for number in label or ()]
        told = np.array(own, dtype=np.int64).reshape(-1, 2)
        kept = np.ones(len(self.items), dtype=bool)
        kept[list(self._answered)] = False
        left = self._pairs[kept[self._pairs[:, 0]]]
        rows = np.concatenate([left[:, 0], told[:, 0]])
        numbers = np.concatenate([self._own[left[:, 1]], told[:, 1]])
        wide = int(numbers.max(initial=0)) + 1
        return np.divmod(np.unique(rows * wide + numbers), wide)
