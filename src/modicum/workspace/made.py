"""What the ladder and the final fit leave behind."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.choice import Choice
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.curve import Curve
from modicum.workspace.ladder.doubted import Doubted
from modicum.workspace.ladder.held_out import HeldOut
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank
from modicum.workspace.model import Model
from modicum.workspace.shifted import Shift


@dataclass(frozen=True, eq=False)
class Made:
    """A model, and everything that led to it."""

    problem: Problem
    bank: FeatureBank
    climbed: Climb
    choice: Choice | None
    """None where nothing could be measured."""
    model: Model
    curve: Curve | None
    """None where there are too few labels to tell."""
    found: HeldOut | None
    """Held-out answers of what was chosen; None where nothing could be measured."""
    guess: Guess | None = None
    """Accuracy to be expected, from the agreement of recipes on unlabelled rows; None where it is measured."""
    doubted: Doubted | None = None
    """What is to be believed of the labels; None where too little is known to judge them."""
    mended: bool = False
    """Whether the model learnt from corrected labels."""
    shift: Shift | None = None
    """Class shares of the unlabelled rows; None where there is no label, or no row without one."""
