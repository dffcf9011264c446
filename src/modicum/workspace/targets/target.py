"""What a kind of target must tell, so that one flow serves them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import LabelSpace, Table
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe, Recipe
from modicum.workspace.settings import Settings
from modicum.workspace.targets.choice import Candidate, TargetChoice
from modicum.workspace.targets.models import LabelsModel, LabelsPredictions, NumberModel, NumberPredictions

TargetModel = LabelsModel | NumberModel
TargetAnswers = LabelsPredictions | NumberPredictions


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be learnt from a table."""

    space: LabelSpace
    """Labels of the table; empty where the target is a number."""
    targets: NDArray[Any]
    """Indicator matrix (N, K) or numbers (N,)."""
    labelled: NDArray[np.bool_]
    strata: NDArray[np.int64]
    """Stratum (N,) of each row, which splits deal out evenly."""


@dataclass(frozen=True, eq=False)
class Made:
    """A model, and everything that led to it."""

    table: Table
    problem: Problem
    climbed: Climb
    choice: TargetChoice
    model: TargetModel
    answers: TargetAnswers
    """Answers for every row of the table."""


class Target(Protocol):
    """One kind of target."""

    @property
    def kind(self) -> str:
        """Its name in settings, bundles and reports."""

    @property
    def baseline(self) -> str:
        """Name of the recipe that every figure is compared with."""

    @property
    def figures(self) -> Sequence[Mapping[str, str]]:
        """Figures of a ladder entry worth a column: `key`, `name` and `unit` (`share` or `number`), the chief first."""

    def read(self, table: Table, declared: LabelSpace | None) -> Task:
        """Read what is to be learnt."""

    def recipes(self, problem: Problem) -> tuple[Recipe, ...]:
        """Recipes that make sense for the table, cheapest first."""

    def choose(self, climbed: Climb, truth: NDArray[Any], tolerance: float) -> TargetChoice:
        """Compare the tried recipes and their pool on held-out rows; `truth` (n, ...) of the labelled rows."""

    def model(
        self,
        choice: TargetChoice,
        members: tuple[FittedRecipe, ...],
        climbed: Climb,
        problem: Problem,
        settings: Settings,
    ) -> TargetModel:
        """The shipped model with its calibration and its promise."""

    def shown_by(self, candidate: Candidate, truth: NDArray[Any]) -> dict[str, float]:
        """Figures of a candidate on held-out rows, by their keys."""

    def facts(self, made: Made, settings: Settings) -> dict[str, Any]:
        """Sections of the report that only this kind has, and what the map is coloured by (`map_classes`)."""
