"""A labelling session: ask, answer, refit. Every call is quick; the model is refitted in the background.

An answer costs one line in the journal and work for its own rows: what is asked next was picked by the last refit. All
calls may come from several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.records import LabelSpace, Table
from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.consensus import standing
from modicum.workspace.loop.events import RANDOM, Event
from modicum.workspace.loop.forms import form_of
from modicum.workspace.loop.journal import Journal
from modicum.workspace.loop.leases import Leases
from modicum.workspace.loop.lesson import Lesson, Teaching, check_query
from modicum.workspace.loop.matching import items_of, rebind
from modicum.workspace.loop.measured import Measured, Point
from modicum.workspace.loop.state import fold, follow

LONGEST_NAME, LONGEST_NOTE = 200, 5_000
"""Characters of the name of a class or a person, and of a note."""
OVERLAP = "overlap"
"""Value of `Event.how` for items asked a second time, so that annotators can be compared."""
Embed = Callable[[Sequence[str]], NDArray[np.floating]]
RELOAD = 5.0
"""Seconds in which a page that was left may come back to its rows."""
GONE = "the class is no longer there (somebody merged it or took it back); choose again"
CLASS_CHANGES = (kinds.ADDED, kinds.RENAMED, kinds.MERGED)


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


@dataclass(frozen=True)
class Reply:
    """An answer to one row or to several at once."""

    kind: str
    """`label`, `unlabel`, `skip`, `unsure` or `note`; where rows may have several labels, also `add` and `remove`."""
    rows: tuple[int, ...]
    classes: tuple[int, ...] = ()
    """Numbers of classes: the label, or what is added or removed."""
    text: str = ""
    """The note."""
    how: str = ""
    """How the rows came up."""
    model: int = 0
    final: bool = False
    request: str = ""


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
        self._rng = np.random.default_rng((self.settings.seed, len(journal.events)))
        self._queue: list[int] = []
        self._why: dict[int, str] = {}

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
            now = self.clock()
            for row in self.leases.held(tab):
                if self._waits(row, who) and self.leases.take(row, tab, now):
                    return row, self._why[row]
            found = self._next(who, tab, now)
            if found is not None:
                self._why[found[0]] = found[1]
            return found

    def _next(self, who: str, tab: str, now: float) -> tuple[int, str] | None:
        draw = float(self._rng.random())
        if draw < self.settings.overlap and (row := self._shared(who, tab, now)) is not None:
            return row, OVERLAP
        if draw > 1 - self.settings.chance and (row := self._random(who, tab, now)) is not None:
            return row, RANDOM
        for place, row in enumerate(self._queue):
            if self._lend(row, who, tab, now):
                del self._queue[: place + 1]
                return row, self.settings.teaching.query if self.lesson and self.lesson.fitted else RANDOM
        if (row := self._random(who, tab, now)) is not None:
            return row, RANDOM
        passed = self.board.passed_by(who, self.state)
        again = next((row for row in passed if self.leases.take(row, tab, now)), None)
        return None if again is None else (again, kinds.SKIP)

    def _waits(self, row: int, who: str) -> bool:
        """Whether a row that was asked for still is: a shared one has a label, but none of this annotator."""
        if self._why.get(row) == OVERLAP:
            return who not in self.state.answers.get(self.board.items[row], {})
        return row in self._why and self.board.open_to(row, who, self.state)

    def _lend(self, row: int, who: str, tab: str, now: float) -> bool:
        return self.board.open_to(row, who, self.state) and self.leases.take(row, tab, now)

    def _random(self, who: str, tab: str, now: float) -> int | None:
        """A random open row: by trial where many are open, else by looking at all."""
        rows = len(self.board.items)
        for row in self._rng.integers(0, rows, 20).tolist():
            if self._lend(row, who, tab, now):
                return int(row)
        free = self._rng.permutation(np.flatnonzero(~self.board.labelled))
        return next((row for row in free.tolist() if self._lend(row, who, tab, now)), None)

    def _shared(self, who: str, tab: str, now: float) -> int | None:
        """A row that others have labelled and this annotator has not."""
        for event in self._rng.choice(len(self.events), min(20, len(self.events)), replace=False):
            told = self.events[int(event)]
            if told.kind != kinds.LABEL or told.who == who or told.final or not told.items:
                continue
            row = self.board.row_of.get(told.items[0])
            seen = self.state.answers.get(told.items[0], {})
            if row is not None and len(seen) == 1 and who not in seen and self.leases.take(row, tab, now):
                return row
        return None

    # --- answering

    def answer(self, who: str, reply: Reply) -> Event:
        """Write an answer to the journal; it is on disk when this returns. A request that came before is not repeated.

        Raises:
            InputError: A row or class is not there, there is no name, or the journal cannot be written.
        """
        with self.lock:
            if reply.request and reply.request in self._requests:
                return self._requests[reply.request]
            self._check(who, reply)
            event = self.write(replace(self._told(who, reply), at=now()))
            self.board.update(self.state, event.items)
            if reply.kind != kinds.NOTE:
                self.leases.release(reply.rows)
            return event

    def _told(self, who: str, reply: Reply) -> Event:
        """What the journal is told of a reply that was checked.

        Raises:
            InputError: A label is added or removed, and no row changes.
        """
        rows = tuple(dict.fromkeys(reply.rows))
        sets: tuple[tuple[str, ...], ...] = ()
        kind, names = reply.kind, tuple(self.state.names[number] for number in dict.fromkeys(reply.classes))
        if kind in (kinds.ADD, kinds.REMOVE):
            new = self._changed(who, rows, kind, set(reply.classes))
            if not new:
                lacking = "lacks" if kind == kinds.ADD else "has"
                raise InputError(f"no picked row {lacking} the label {', '.join(names)}; nothing was changed")
            kind, rows, sets = kinds.LABEL, tuple(new), tuple(new.values())
        items = tuple(self.board.items[row] for row in rows)
        return Event(
            kind,
            who,
            items=items,
            classes=names,
            sets=sets,
            text=reply.text,
            how=reply.how,
            model=reply.model,
            final=reply.final,
            request=reply.request,
        )

    def _changed(self, who: str, rows: Iterable[int], kind: str, labels: set[int]) -> dict[int, tuple[str, ...]]:
        """Names of the labels of each row once some were added or removed, where that changes them.

        What changes is the annotator's own answer, else what stands. A row without either gets the added labels alone;
        nothing can be removed from it.
        """
        found = {}
        for row in rows:
            own = standing(self.state, self.board.items[row]).get(who)
            before = set((self.board.label(row) or ()) if own is None else own)
            after = before | labels if kind == kinds.ADD else before - labels
            if after != before:
                found[row] = tuple(self.state.names[number] for number in sorted(after))
        return found

    def _check(self, who: str, reply: Reply) -> None:
        check_person(who)
        check_choice(reply.kind, self.form.answers, "kind of answer")
        if not reply.rows:
            raise InputError("the answer is about no row; pick at least one")
        rows = len(self.board.items)
        wrong = next((row for row in reply.rows if not 0 <= row < rows), None)
        if wrong is not None:
            raise InputError(f"there is no row {wrong}; the table has {rows:,}")
        if reply.kind == kinds.LABEL:
            self.form.check_labels(reply.classes)
        elif (reply.kind in (kinds.ADD, kinds.REMOVE)) != bool(reply.classes):
            raise InputError("a label names a class, and nothing else does; choose a class")
        gone = next((number for number in reply.classes if number not in self.state.names), None)
        if gone is not None:
            raise InputError(GONE)
        if len(reply.text) > LONGEST_NOTE:
            raise InputError(f"the note is {len(reply.text):,} characters long; {LONGEST_NOTE:,} are kept")

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
                self.leases.release(self.leases.held(tab))
                self.leases.take(row, tab, self.clock())
                self._why[row] = taken.how
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
            self._queue = lesson.asked.tolist()

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


def check_person(who: str) -> str:
    """Return the name of an annotator.

    Raises:
        InputError: It is empty or very long.
    """
    if not who.strip() or len(who) > LONGEST_NAME:
        raise InputError(f"the name of a person has 1 to {LONGEST_NAME} characters; say who labels with --annotator")
    return who


def now() -> str:
    """The time in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
