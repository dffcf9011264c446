"""What the ladder and the final fit leave behind."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.workspace.choice import Choice
from modicum.workspace.findings import HeldOut
from modicum.workspace.ladder import Climb
from modicum.workspace.model import Model
from modicum.workspace.problem import Problem
from modicum.workspace.recipes import FeatureBank


@dataclass(frozen=True, eq=False)
class Made:
    """A model, and everything that led to it."""

    problem: Problem
    bank: FeatureBank
    climbed: Climb
    choice: Choice | None
    """None where nothing could be measured."""
    model: Model
    found: HeldOut | None
    """Held-out answers of what was chosen; None where nothing could be measured."""
