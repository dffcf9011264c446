"""What a user may turn in `fit`, beside the table itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from modicum.workspace.ladder.bank import Bank, load_bank
from modicum.workspace.ladder.climb import Plan
from modicum.workspace.ladder.recipes import RECIPES, Recipe
from modicum.workspace.tuning.settings import TuneSettings

PER_CLASS = "-per-class"
"""Ending of a score's name in `Settings.sets` that asks for one threshold per class."""
LEAST = {"seed": 0, "workers": 1, "threads": 1, "set_aside_from": 1, "map_points": 0}
"""Smallest value of each setting that is a number or a share with no upper end."""


@dataclass(frozen=True)
class Settings:
    """What a user may turn, beside the table itself."""

    target: str = "auto"
    """`classes`, one a row; `labels`, several a row; `number`; or `auto`: labels where the table was read with a
    separator or several label columns, else classes. Numbers are never guessed."""
    budget: str | float = "30s"
    """Time for the ladder; encoding and the final fit come on top."""
    alpha: float = 0.1
    """Share of prediction sets or intervals that may miss the truth, between 0 and 1; with several labels a row, of
    labels missed."""
    sets: str = "lac"
    """Score behind the prediction sets: `lac` (smallest), `aps` or `raps` (adaptive), each also `-per-class`."""
    encoder_mode: str = "auto"
    """`auto`: fused for encoders of texts, exact where vectors are stored or the encoder has one way only; `exact`;
    `fused`: exact, with hashed words beside it; `fast`: 8 bits where this machine is faster that way; `static`: a table
    of word pieces; `cascade`, for one class a row: exact, but static vectors answer what they are sure of within
    `tolerance`."""
    repair: bool = True
    """Whether the final fit learns from corrected labels, where at least a twentieth are probably wrong."""
    shift: bool = True
    """Whether answers are corrected for class shares of the unlabelled rows, where that is expected to gain."""
    unknown: float | None = None
    """Share of rows of the classes that may be marked as of none of them, between 0 and 1; None marks those whose set
    is empty."""
    tuning: TuneSettings = field(default_factory=TuneSettings)
    """How the encoder's weights are tuned, where the budget allows."""
    tolerance: float = 0.005
    """Expected loss of accuracy that is accepted for a cheaper recipe, at least 0; for labels and numbers, of skill."""
    seed: int = 0
    """Of all that is drawn at random; at least 0."""
    recipes: tuple[Recipe, ...] = RECIPES
    bank: Bank = field(default_factory=load_bank, repr=False)
    """Results on other tables, towards which a few labels' evidence is shrunk."""
    plan: Plan = field(default_factory=Plan)
    workers: int = 2
    """Folds measured at the same time; at least 1."""
    threads: int | None = None
    """Cores to use in all, at least 1; default those available."""
    set_aside_from: int = 2_000
    """Labelled rows from which on a fifth is set aside for the prediction sets; with fewer they are cross-fitted.
    At least 1."""
    map_points: int = 1_500
    """Rows on the report's map; 0 for none."""
