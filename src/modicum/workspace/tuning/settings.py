"""What a user may turn of tuning the encoder's weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FULL, AUTO = "full", "auto"
"""Names of the method that trains all layers, without an adapter, and of the choice between that and `SMALL`."""
SMALL = "DiffFit"
"""What trains where memory is too small for all layers: it came as far as they did where it was measured, with a
quarter of a percent of their numbers. Where memory allows all of them train, since none of the adapters came further
by more than two test rows of 500, and not all of them as far."""
WHOLE, DIFFERENCE = "whole", "difference"
SHIPS = (WHOLE, DIFFERENCE)


DEVICES = ("cpu", "cuda", "auto")


@dataclass(frozen=True)
class TuneSettings:
    """How rung 5 is tried."""

    wanted: bool | None = None
    """True: tuned weights are shipped, come what may; False: they are not tried; None: they are tried where the budget
    allows, and shipped where they gain."""
    method: str = AUTO
    """`full`, the name of a method of `weights.adapt` such as `LoRA`, or `auto`: full where memory allows, else
    `DiffFit`."""
    objective: str = "SupervisedContrastive"
    """Name of a method of `weights.objectives`."""
    steps: int = 160
    """Most steps of a run, at least 1; fewer where the budget wants it."""
    batch: int = 32
    """Rows of a step; at least 1."""
    rate: float | None = None
    """Largest learning rate, above 0; None for 1e-4 where all layers train, and for adapters what the method says,
    mostly 1e-3."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    work: Path | None = None
    """Folder that keeps the state of all runs; an interrupted attempt goes on from there, and one that is asked for
    something else is refused."""

    ship: str = WHOLE
    """Which weights the bundle holds: all of them (`whole`), or where that is much less their `difference` from the
    encoder that was tuned, which whoever answers with the bundle then needs, too."""

    @property
    def full(self) -> bool:
        """Whether all layers train."""
        return self.method in (AUTO, FULL)
