"""How library code tells of its progress: a callback, silent by default. Only the command line draws bars."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the stage's name, the units done so far and the total; units are named by the stage."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` units of `stage` are finished."""


def silent(stage: str, done: int, total: int) -> None:
    """Say nothing: the default of every library function."""
