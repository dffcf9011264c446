"""What the events of a journal add up to: classes, and the standing answers of every annotator.

A pure fold: the same events give the same state, and an event together with its undoing leaves no trace. Classes have
numbers that outlive their names, so that a renamed or merged class takes its answers along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from modicum.workspace.loop import events as kinds
from modicum.workspace.loop.events import Event, Item


@dataclass(frozen=True)
class Answer:
    """What one annotator says of one item."""

    kind: str
    """`label`, `unsure`, `skip`, or `unlabel`: nobody's earlier label stands, not even the table's."""
    classes: tuple[int, ...]
    """Numbers of classes, for a label, none where it is known that there is none; they may have been merged since:
    `State.labels` tells what they are now."""
    n: int
    at: str
    how: str
    final: bool = False


@dataclass(eq=False)
class State:
    """The sum of all events so far."""

    names: dict[int, str] = field(default_factory=dict)
    """Name of each class there is, by its number, in the order in which they came."""
    descriptions: dict[int, str] = field(default_factory=dict)
    opened: dict[str, int] = field(default_factory=dict)
    """Number of the class that each name of the table or the class file stood for when the journal first met it."""
    answers: dict[Item, dict[str, Answer]] = field(default_factory=dict)
    """Standing answers by item and annotator."""
    removed: set[Item] = field(default_factory=set)
    """Items whose label was removed: the table's own stands no more, whatever was answered since."""
    notes: dict[Item, dict[str, str]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    """Number of each name that was ever used."""
    _became: dict[int, int] = field(default_factory=dict)
    """Which class a merged one went into."""
    _kept: dict[str, int] = field(default_factory=dict)
    """Numbers of classes whose adding was undone: kept for their names, as a page may still show them."""
    _done: dict[str, list[int]] = field(default_factory=dict)
    """Numbers of the events of each annotator that can be undone, the latest last."""

    def number(self, name: str) -> int | None:
        """Number of the class that has this name, or had it before it was renamed or merged; None where none did."""
        number = self._numbers.get(name)
        return None if number is None else self.current(number)

    def meant(self, name: str) -> int | None:
        """Number of the class that the table or the class file means by a name, whoever has been given it since."""
        number = self.opened.get(name)
        return self.number(name) if number is None else self.current(number)

    def current(self, number: int) -> int:
        """Number of the class that a class has become by merging."""
        while number in self._became:
            number = self._became[number]
        return number

    def labels(self, answer: Answer) -> tuple[int, ...]:
        """Numbers of the classes that an answer stands for now, each once, ascending."""
        return tuple(sorted({self.current(number) for number in answer.classes}))

    def undoable(self, who: str) -> int | None:
        """Number of the event that an undo by this annotator would take back."""
        done = self._done.get(who)
        return done[-1] if done else None

    def apply(self, event: Event) -> None:
        """Take one event in. An undo is for `follow`, which has the events that came before."""
        match event.kind:
            case kinds.LABEL | kinds.UNLABEL | kinds.SKIP | kinds.UNSURE:
                self._answer(event)
            case kinds.NOTE:
                for item in event.items:
                    self.notes.setdefault(item, {})[event.who] = event.text
            case kinds.OPENED:
                for name in event.classes:
                    self.opened.setdefault(name, self._known(name))
                return
            case kinds.ADDED:
                self._add(event.classes[0], event.text)
            case kinds.RENAMED:
                self._rename(*event.classes)
            case kinds.MERGED:
                self._merge(event.classes[:-1], event.classes[-1])
        self._done.setdefault(event.who, []).append(event.n)

    def pass_over(self, event: Event) -> None:
        """Take an event that was undone: numbers stay with their classes, whatever was told under its names since."""
        name = event.classes[-1] if event.classes else ""
        if event.kind == kinds.ADDED and self._is_new(name):
            self._kept.setdefault(name, self._next())
        elif event.kind == kinds.RENAMED and (number := self.number(event.classes[0])) is not None:
            self._numbers.setdefault(name, number)

    def _answer(self, event: Event) -> None:
        final = event.final or event.kind == kinds.UNLABEL
        if event.kind == kinds.UNLABEL:
            self.removed.update(event.items)
        answers: dict[tuple[str, ...], Answer] = {}
        for item, names in event.told():
            if names not in answers:
                classes = tuple(self._known(name) for name in names)
                answers[names] = Answer(event.kind, classes, event.n, event.at, event.how, final)
            answer = answers[names]
            if final:
                self.answers[item] = {event.who: answer}
            else:
                self.answers.setdefault(item, {})[event.who] = answer

    def _known(self, name: str) -> int:
        """Number of a class by its name; a name never heard of is a new class, as nothing that is told may be lost."""
        number = self.number(name)
        if number is None:
            number = self._add(name, "")
        return number

    def _add(self, name: str, description: str) -> int:
        if self._is_new(name):
            self._numbers[name] = self._kept.pop(name, self._next())
            self.names[self._numbers[name]] = name
        number = self.current(self._numbers[name])
        if description:
            self.descriptions[number] = description
        return number

    def _is_new(self, name: str) -> bool:
        number = self.number(name)
        return number is None or self.names[number] != name

    def _next(self) -> int:
        return 1 + max((*self.names, *self._became, *self._kept.values()), default=-1)

    def _rename(self, old: str, new: str) -> None:
        number = self._known(old)
        if new not in self.names.values():  # by an undo, a class may have again what another was renamed to
            self.names[number] = new
            self._numbers[new] = number

    def _merge(self, sources: Sequence[str], target: str) -> None:
        into = self._known(target)
        for name in sources:
            number = self._known(name)
            if number != into:
                self._became[number] = into
                del self.names[number]


def fold(events: Iterable[Event]) -> State:
    """The state after these events."""
    told = list(events)
    undone = {event.of for event in told if event.kind == kinds.UNDO}
    state = State()
    for event in told:
        if event.n in undone:
            state.pass_over(event)
        elif event.kind != kinds.UNDO:
            state.apply(event)
    return state


def follow(state: State, events: Sequence[Event]) -> State:
    """The state after the last of all events, given the state before it: changed in place where that is enough.

    Cost: O(1) per item of the event; an undo folds all events again, some 100,000 of them a second.
    """
    if events[-1].kind == kinds.UNDO:
        return fold(events)
    state.apply(events[-1])
    return state
