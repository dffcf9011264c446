"""A labelling session: ask, answer, refit. Every call is quick; the model is refitted in the background.

An answer costs one line in the journal and work for its own rows: what is asked next was picked by the last refit. All
calls may come from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.records import LabelSpace, Table
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.asking import Asking, LoopSettings, Turn
from modicum.workspace.loop.events import Event, now
from modicum.workspace.loop.forms import form_of
from modicum.workspace.loop.journal import Journal
from modicum.workspace.loop.leases import Leases
from modicum.workspace.loop.lesson import Lesson
from modicum.workspace.loop.matching import items_of, rebind
from modicum.workspace.loop.measured import Measured, Point
from modicum.workspace.loop.replies import GONE, LONGEST_NAME, Reply, check_person, check_reply, event_of
from modicum.workspace.loop.state import fold, follow

Embed = Callable[[Sequence[str]], NDArray[np.floating]]
RELOAD = 5.0
"""Seconds in which a page that was left may come back to its rows."""
CLASS_CHANGES = (kinds.ADDED, kinds.RENAMED, kinds.MERGED)


@dataclass(frozen=True, eq=False)
class Task:
    """What is labelled: a table, its classes so far, its vectors, and how class names become vectors."""

    table: Table
    space: LabelSpace
    """Declared classes and those of the table; there may be none yet."""
    X: NDArray[np.floating]
    embed: Embed | None = None
    """Vectors of class names; None where vectors were precomputed."""
    groups: NDArray[np.int64] | None = None
    """Rows of one group (N,) never stand on both sides of a split."""


class Session:
    """The one cycle, for any number of annotators and tabs.

    Raises:
        InputError: The journal holds several labels a row where the table has one, or a name that parts labels; or it
            cannot be written.
    """

    def __init__(
        self,
        task: Task,
        journal: Journal,
        settings: LoopSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task, self.journal, self.settings = task, journal, settings or LoopSettings()
        self.lock = RLock()
        self.clock = clock
        self.form = form_of(task.table)
        self.events, self.matched = rebind(journal.events, items_of(task.table.ids, task.table.texts))
        self.state = fold(self.events)
        self._check_journal()
        self.changes = 0
        """Answers and changes of classes since the session began."""
        self.changed_at = clock()
        self._requests = {event.request: event for event in self.events if event.request}
        self._open()
        self.board = self.form.board(task.table, self.state)
        self.leases = Leases(self.settings.lease)
        self.lesson: Lesson | None = None
        self.measured: Measured | None = None
        self.points: list[Point] = []
        """Points of the learning curve."""
        self.class_changes = 0
        self.tabs: dict[str, tuple[str, float]] = {}
        """Who sits at each tab, and when it last gave a sign of life."""
        self._asking = Asking(self.board, self.leases, self.events, self.settings)

    def _check_journal(self) -> None:
        """Refuse a journal whose answers have no place in this session.

        Raises:
            InputError: It holds several labels a row where the table has one, or a name that parts labels.
        """
        for name in self.state.names.values():
            self.form.check_name(name)
        try:
            for names in {names for event in self.events if event.kind == kinds.LABEL for _, names in event.told()}:
                self.form.check_labels(names)
        except InputError as error:
            raise InputError(
                f"{self.journal.path} holds rows with several labels, or known to have none; say what parts them "
                "(--separator), or choose another --journal"
            ) from error

    def _open(self) -> None:
        """Note in the journal which classes there are, where it does not know them yet."""
        names = self.task.space.names
        if not self.events or any(name not in self.state.opened for name in names):
            self.write(Event(kinds.OPENED, text=self.task.table.source, classes=names))

    # --- asking

    def ask(self, who: str, tab: str) -> tuple[int, str] | None:
        """A row for this tab and how it came up; the row it has, if it has not answered it. None when all is done."""
        with self.lock:
            return self._asking.ask(Turn(who, tab, self.clock(), self.state))

    # --- answering

    def answer(self, who: str, reply: Reply) -> Event:
        """Write an answer to the journal; it is on disk when this returns. A request that came before is not repeated.

        Raises:
            InputError: A row or class is not there, there is no name, or the journal cannot be written.
        """
        with self.lock:
            if reply.request and reply.request in self._requests:
                return self._requests[reply.request]
            check_person(who)
            check_reply(reply, self.form, len(self.board.items), self.state)
            event = self.write(replace(event_of(who, reply, self.board, self.state), at=now()))
            self.board.update(self.state, event.items)
            if reply.kind != kinds.NOTE:
                self.leases.release(reply.rows)
            return event

    def undo(self, who: str, tab: str, request: str = "") -> Event | None:
        """Take back the last thing that this annotator did; returns it, or None where there is nothing left.

        Raises:
            InputError: The annotator's name cannot be kept, or the journal cannot be written.
        """
        with self.lock:
            if request and request in self._requests:
                return self._event(self._requests[request].of)
            number = self.state.undoable(check_person(who))
            if number is None:
                return None
            taken = self._event(number)
            self.write(Event(kinds.UNDO, who, now(), of=number, request=request))
            self.board.refresh(self.state)
            if taken is not None and len(taken.items) == 1 and taken.items[0] in self.board.row_of:
                row = self.board.row_of[taken.items[0]]
                self._asking.ask_again(row, taken.how, tab, self.clock())
            if taken is not None and taken.kind in CLASS_CHANGES:
                self.class_changes += 1
            return taken

    def _event(self, number: int) -> Event | None:
        return next((event for event in reversed(self.events) if event.n == number), None)

    # --- classes

    def add_class(self, who: str, name: str, description: str = "", request: str = "") -> int:
        """Add a class; returns its number.

        Raises:
            InputError: The name is empty, taken or parts labels; or as `undo`.
        """
        return self._change(
            request,
            lambda: Event(kinds.ADDED, who, now(), classes=(self._new_name(name),), text=description.strip()),
        )

    def rename_class(self, who: str, number: int, name: str, request: str = "") -> int:
        """Give a class another name; answers and the table's labels go with it.

        Raises:
            InputError: The class is no longer there; or as `add_class`.
        """
        return self._change(
            request, lambda: Event(kinds.RENAMED, who, now(), classes=(self.name_of(number), self._new_name(name)))
        )

    def merge_classes(self, who: str, numbers: Iterable[int], into: int, request: str = "") -> int:
        """Make several classes one; returns the number of what they became.

        Raises:
            InputError: There is nothing to merge but the class itself, one of them is no longer there; or as `undo`.
        """

        def told() -> Event:
            sources = [self.name_of(number) for number in dict.fromkeys(numbers) if number != into]
            if not sources:
                raise InputError("a class cannot be merged into itself; choose another")
            return Event(kinds.MERGED, who, now(), classes=(*sources, self.name_of(into)))

        return self._change(request, told)

    def _change(self, request: str, told: Callable[[], Event]) -> int:
        """Write what a change of classes is told as, unless its request came before; returns the class's number.

        What is told is checked under the lock, so that no other change comes between.
        """
        with self.lock:
            event = self._requests.get(request)
            if event is None:
                event = replace(told(), request=request)
                check_person(event.who)
                self.write(event)
                self.board.refresh(self.state)
                self.class_changes += 1
                self.changes += self.settings.refit_every
            number = self.state.number(event.classes[-1])
            if number is None:
                raise InputError(GONE)
            return number

    def _new_name(self, name: str) -> str:
        name = " ".join(name.split())
        if not name or len(name) > LONGEST_NAME:
            raise InputError(f"the name of a class has 1 to {LONGEST_NAME} characters, not {len(name)}; write another")
        self.form.check_name(name)
        if name in self.state.names.values():
            raise InputError(f"there is a class {name!r} already; merge the two to make them one")
        return name

    def number_of(self, name: str) -> int:
        """Number of the class that has this name.

        Raises:
            InputError: There is none.
        """
        check_choice(name, self.state.names.values(), "class")
        return int(self.state.number(name) or 0)

    def name_of(self, number: int) -> str:
        """Name of a class.

        Raises:
            InputError: There is no such class, perhaps no longer.
        """
        if number not in self.state.names:
            raise InputError(GONE)
        return self.state.names[number]

    # --- what the background brings

    def settle(self) -> None:
        """Weigh the annotators' answers against each other, and take the standing of all rows anew."""
        with self.lock:
            self.board.refresh(self.state, self.form.consensus(self.state))

    def take_lesson(self, lesson: Lesson) -> None:
        """Suggest and ask by a new model from now on."""
        with self.lock:
            self.lesson = lesson
            self._asking.learn(lesson)

    def take_measured(self, measured: Measured) -> None:
        """Tell a new accuracy from now on; it is a point of the learning curve where labels have grown."""
        with self.lock:
            self.measured = measured
            self.points = [point for point in self.points if point[0] < 0.8 * measured.labels]
            self.points.append(measured.point)

    def here(self, who: str, tab: str) -> None:
        """A sign of life from a tab: it keeps its rows."""
        with self.lock:
            now = self.clock()
            self.leases.renew(tab, now)
            self.leases.sweep(now)
            self.tabs = {t: seen for t, seen in self.tabs.items() if seen[1] > now - self.settings.lease}
            self.tabs[tab] = (who, now)

    def leave(self, tab: str) -> None:
        """A tab was closed, or is being loaded anew: its rows are free in a moment."""
        with self.lock:
            self.leases.shorten(tab, self.clock() + RELOAD)
            self.tabs.pop(tab, None)

    def write(self, event: Event) -> Event:
        """Have an event on disk and in the state; the board is for the caller to bring up to date."""
        with self.lock:
            written = self.journal.append(event)
            self.events.append(written)
            self.state = follow(self.state, self.events)
            if written.request:
                self._requests[written.request] = written
            if event.kind not in (kinds.OPENED, kinds.NOTE):
                self.changes += 1
                self.changed_at = self.clock()
            return written
