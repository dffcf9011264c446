"""What became of tuning the encoder's weights on a table, for the report."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.evaluation.stats import Difference
from modicum.workspace.ladder.choice import Choice
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.tuning.stopping import Stopping


@dataclass(frozen=True)
class LayerMoved:
    """How far a layer went, as a share of the length of its weights."""

    layer: str
    relative: float


@dataclass(frozen=True)
class Tuning:
    """How weights were tuned."""

    method: str
    objective: str
    steps: int
    batch: int
    parameters: int
    """Numbers that trained."""
    device: str
    seconds: float
    """Of the last run, on all labelled rows."""
    moved: tuple[LayerMoved, ...]
    stopping: Stopping | None = None
    """What held-out rows told of the number of steps; None where they were not asked."""
    notes: tuple[str, ...] = ()
    """What went wrong on the way, and what was done about it."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A rung that was tried, or why it was not."""

    reason: str | None = None
    """Why it was not tried; None where it was."""
    seconds: float = 0.0
    """Spent on it in all."""
    folds: int = 0
    """Folds it was measured on; each tuned an encoder of its own, without the rows it was judged by."""
    lead: Difference | None = None
    """Accuracy of tuned weights less that of the best without, on the same held-out rows."""
    expected: float | None = None
    """The same after what other tables tell has been weighed in."""
    shipped: bool = False
    tuning: Tuning | None = None
    """How the shipped weights were tuned; None where the frozen ones are shipped."""
    other: tuple[Climb, Choice] | None = None
    """Climb and choice of what is not shipped: of frozen vectors where tuned ones are shipped, or the reverse."""

    @property
    def tried(self) -> bool:
        """Whether there is something to compare."""
        return self.reason is None
