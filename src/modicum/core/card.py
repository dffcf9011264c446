"""The card of a method: its only registration, and the source of every list that names it."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.core.errors import InputError

ROOMS = ("encoders", "vectors", "data", "labels", "heads", "weights", "prompts", "continual", "evaluation")
NEEDS = ("labels", "names", "unlabelled", "metric", "probabilities", "vectors", "texts", "weights")


@dataclass(frozen=True)
class Card:
    """What a reader, the registry and the docs must know of one method.

    A module that holds a method sets `CARD = Card(...)` once, with literal values: cards are read from the source, so
    that listing methods imports none. The command `modicum methods`, the docs pages and the table in the README are
    generated from it.
    """

    name: str
    """Name of the class or function that is the method's public face, as exported by its question's package."""
    room: str
    question: str
    """The folder of the room, which is what a user asks: `conformal`, `weak`, `spaces`; for heads the room itself."""
    summary: str
    """One line, under 100 characters, without a full stop."""
    paper: str
    """Title of the source, or of the textbook chapter for classical methods."""
    year: int
    needs: tuple[str, ...]
    """What the method must be given, from `NEEDS`."""
    cost: str
    """Time in O() with N rows, K classes, D dimensions; memory where it is more than the input."""
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    """Ids in the project's list of methods, where the paper stands there."""

    def __post_init__(self) -> None:
        if self.room not in ROOMS:
            raise InputError(f"card {self.name!r}: room {self.room!r} is not one of {', '.join(ROOMS)}")
        unknown = sorted(set(self.needs) - set(NEEDS))
        if unknown:
            raise InputError(f"card {self.name!r}: needs {unknown} are not among {', '.join(NEEDS)}")
        if len(self.summary) > 100 or self.summary.endswith("."):
            raise InputError(f"card {self.name!r}: the summary is one line under 100 characters without a full stop")
