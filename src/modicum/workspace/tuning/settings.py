"""What a user may turn of tuning the encoder's weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FULL = "full"
"""Name of the method that trains all layers, without an adapter."""


@dataclass(frozen=True)
class TuneSettings:
    """How rung 5 is tried."""

    wanted: bool | None = None
    """True: tuned weights are shipped, come what may; False: they are not tried; None: they are tried where the budget
    allows, and shipped where they gain."""
    method: str = "auto"
    """`full`, the name of a method of `weights.adapt` such as `LoRA`, or `auto`: full."""
    objective: str = "SupervisedContrastive"
    """Name of a method of `weights.objectives`."""
    steps: int = 160
    """Most steps of a run; fewer where the budget wants it."""
    batch: int = 32
    rate: float | None = None
    """Largest learning rate; None for 1e-4 where all layers train and 1e-3 for adapters."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: a GPU where there is one."""
    work: Path | None = None
    """Folder that keeps the state of all runs; an interrupted attempt goes on from there."""

    @property
    def full(self) -> bool:
        """Whether all layers train."""
        return self.method in ("auto", FULL)
