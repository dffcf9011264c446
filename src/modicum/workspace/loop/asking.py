"""Which row a tab is asked about: the model's next, one that chance picks, or one that somebody else has answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from modicum.core.errors import InputError
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.board import Board
from modicum.workspace.loop.events import RANDOM, Event
from modicum.workspace.loop.leases import Leases
from modicum.workspace.loop.lesson import Lesson, Teaching, check_query
from modicum.workspace.loop.state import State

OVERLAP = "overlap"
"""Value of `Event.how` for items asked a second time, so that annotators can be compared."""
TRIALS = 20
"""Rows drawn before all are looked at."""


@dataclass(frozen=True)
class LoopSettings:
    """What may be turned in a session."""

    teaching: Teaching = field(default_factory=Teaching)
    chance: float = 0.2
    """Share of questions, 0 to 1, that chance picks: the fair sample that accuracy is told from."""
    overlap: float = 0.05
    """Share of questions, 0 to 1, that another annotator has answered already, where there are several."""
    refit_every: int = 5
    """Answers after which the model is refitted at once; fewer wait for a pause of `pause` seconds."""
    pause: float = 2.0
    """Seconds without an answer."""
    lease: float = 120.0
    """Seconds for which a tab keeps its row without a sign of life."""
    seed: int = 0


def check_settings(query: str, chance: float, seed: int) -> LoopSettings:
    """Settings as the command line has them.

    Raises:
        InputError: There is no such query, or the share picked by chance is none.
    """
    if not 0 <= chance <= 1:
        raise InputError(f"the share picked by chance must lie between 0 and 1, not {chance:g}")
    return LoopSettings(Teaching(check_query(query), seed=seed), chance, seed=seed)


@dataclass(frozen=True)
class Turn:
    """Who is to be asked, at which tab, when, and what was answered so far."""

    who: str
    tab: str
    now: float
    state: State


class Asking:
    """Rows still to be asked about, and how each that is asked came up; they are lent, so that no two tabs get one."""

    def __init__(self, board: Board, leases: Leases, events: Sequence[Event], settings: LoopSettings) -> None:
        """`events` is the session's own list, which grows."""
        self._board, self._leases, self._events, self._settings = board, leases, events, settings
        self._rng = np.random.default_rng((settings.seed, len(events)))
        self._queue: list[int] = []
        self._by_model = RANDOM
        """How the rows of the queue came up."""
        self._why: dict[int, str] = {}

    def learn(self, lesson: Lesson) -> None:
        """Ask for what a new model picked from now on."""
        self._queue = lesson.asked.tolist()
        self._by_model = self._settings.teaching.query if lesson.fitted else RANDOM

    def ask(self, turn: Turn) -> tuple[int, str] | None:
        """A row and how it came up; the row that the tab has, if it has not answered it. None when all is done."""
        for row in self._leases.held(turn.tab):
            if self._waits(row, turn) and self._leases.take(row, turn.tab, turn.now):
                return row, self._why[row]
        found = self._next(turn)
        if found is not None:
            self._why[found[0]] = found[1]
        return found

    def ask_again(self, row: int, how: str, tab: str, now: float) -> None:
        """Have a tab asked about this row next, whose answer was taken back."""
        self._leases.release(self._leases.held(tab))
        self._leases.take(row, tab, now)
        self._why[row] = how

    def _next(self, turn: Turn) -> tuple[int, str] | None:
        draw = float(self._rng.random())
        if draw < self._settings.overlap and (row := self._shared(turn)) is not None:
            return row, OVERLAP
        if draw > 1 - self._settings.chance and (row := self._random(turn)) is not None:
            return row, RANDOM
        for place, row in enumerate(self._queue):
            if self._lend(row, turn):
                del self._queue[: place + 1]
                return row, self._by_model
        if (row := self._random(turn)) is not None:
            return row, RANDOM
        passed = self._board.passed_by(turn.who, turn.state)
        again = next((row for row in passed if self._leases.take(row, turn.tab, turn.now)), None)
        return None if again is None else (again, kinds.SKIP)

    def _waits(self, row: int, turn: Turn) -> bool:
        """Whether a row that was asked for still is: a shared one has a label, but none of this annotator."""
        if self._why.get(row) == OVERLAP:
            return turn.who not in turn.state.answers.get(self._board.items[row], {})
        return row in self._why and self._board.open_to(row, turn.who, turn.state)

    def _lend(self, row: int, turn: Turn) -> bool:
        return self._board.open_to(row, turn.who, turn.state) and self._leases.take(row, turn.tab, turn.now)

    def _random(self, turn: Turn) -> int | None:
        """A random open row: by trial where many are open, else by looking at all."""
        for row in self._rng.integers(0, len(self._board.items), TRIALS).tolist():
            if self._lend(row, turn):
                return int(row)
        free = self._rng.permutation(np.flatnonzero(~self._board.labelled))
        return next((row for row in free.tolist() if self._lend(row, turn)), None)

    def _shared(self, turn: Turn) -> int | None:
        """A row that others have labelled and this annotator has not."""
        for place in self._rng.choice(len(self._events), min(TRIALS, len(self._events)), replace=False):
            told = self._events[int(place)]
            if told.kind != kinds.LABEL or told.who == turn.who or told.final or not told.items:
                continue
            row = self._board.row_of.get(told.items[0])
            seen = turn.state.answers.get(told.items[0], {})
            if row is None or len(seen) != 1 or turn.who in seen:
                continue
            if self._leases.take(row, turn.tab, turn.now):
                return row
        return None
