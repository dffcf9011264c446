"""Every row's standing: its labels, who may still be asked about it, and how far the work has come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import Table
from modicum.workspace.loop.consensus import Consensus, Label
from modicum.workspace.loop.events import LABEL, RANDOM, SKIP, UNLABEL, UNSURE, Item
from modicum.workspace.loop.matching import items_of
from modicum.workspace.loop.state import State

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Targets = tuple[Ints, Mask, NDArray[np.uint8] | None]


class Board(ABC):
    """The rows of a table under a state. An answer changes its own rows alone; other events go over all answers."""

    def __init__(self, table: Table, state: State, names: Sequence[str]) -> None:
        self.table = table
        self._names = names
        """Names in the labels of the table."""
        self._at_opening = np.array([state.number(name) for name in names], dtype=np.int64)
        self.items = items_of(table.ids, table.texts)
        self.row_of = {item: row for row, item in reversed(list(enumerate(self.items)))}
        self.chance = np.zeros(len(table), dtype=bool)
        """Rows whose label was asked for because chance picked them."""
        self.settled = Consensus()
        self.refresh(state)

    def refresh(self, state: State, settled: Consensus | None = None) -> None:
        """Take the standing of all rows anew. Cost: O(N) in arrays, O(answers) beside."""
        if settled is not None:
            self.settled = settled
        self._begin(state)
        self.chance[:] = False
        self.update(state, state.answers)

    def update(self, state: State, items: Iterable[Item]) -> None:
        """Take the standing of these items anew."""
        for item in items:
            row = self.row_of.get(item)
            if row is None:
                continue
            answers = state.answers.get(item, {}).values()
            label = self._label_of(state, item)
            if item in state.removed or any(answer.kind == LABEL for answer in answers):
                self._put(row, label)
            else:
                self._restore(row)
            self.chance[row] = any(answer.how == RANDOM and answer.kind == LABEL for answer in answers)

    def _numbers(self, state: State) -> Ints:
        """Numbers of the classes that the names of the table stand for.

        A file keeps the names that its classes had at first; a store has been given those of the last session.
        """
        if self.table.stored is None:
            return np.array([state.meant(name) for name in self._names], dtype=np.int64)
        return np.array([state.current(number) for number in self._at_opening.tolist()], dtype=np.int64)

    @abstractmethod
    def _begin(self, state: State) -> None:
        """Take what the table itself says, under the classes there are now."""

    @abstractmethod
    def _label_of(self, state: State, item: Item) -> Label | None:
        """The label of an item by its answers; None where there is none, or it is open."""

    @abstractmethod
    def _put(self, row: int, label: Label | None) -> None:
        """Give a row a label, or none."""

    @abstractmethod
    def _restore(self, row: int) -> None:
        """Give a row the label that the table itself holds, or none."""

    @abstractmethod
    def given(self, row: int) -> bool:
        """Whether the table itself holds a label of the row."""

    @abstractmethod
    def label(self, row: int) -> Label | None:
        """Numbers of the classes of a row; None where it has no label."""

    @property
    @abstractmethod
    def labelled(self) -> Mask:
        """Mask (N,) of rows with a label."""

    @abstractmethod
    def counts(self) -> dict[int, int]:
        """Rows of each class that has any."""

    @abstractmethod
    def colours(self) -> Ints:
        """Number of the class (N,) by which each row is shown where only one can be; negative where there is none."""

    @abstractmethod
    def targets(self, numbers: Sequence[int]) -> Targets:
        """Class or stratum of each row (N,), the mask (N,) of rows with a label, and labels (N, K) if several.

        Args:
            numbers: Number of the class of each column (K,).
        """

    def open_to(self, row: int, who: str, state: State) -> bool:
        """Whether this annotator may be asked about the row: it has no label, and they have not passed it by."""
        if self.label(row) is not None:
            return False
        mine = state.answers.get(self.items[row], {}).get(who)
        return mine is None or mine.kind == UNLABEL

    def passed_by(self, who: str, state: State) -> list[int]:
        """Rows that an annotator skipped and that nobody has labelled since."""
        return [row for row, answers in self._open(state) if who in answers and answers[who].kind == SKIP]

    def unsure(self, state: State) -> list[int]:
        """Rows without a label that somebody was not sure about."""
        return [row for row, answers in self._open(state) if any(each.kind == UNSURE for each in answers.values())]

    def _open(self, state: State) -> Iterable[tuple[int, dict[str, Any]]]:
        """Rows without a label that somebody has answered, with the answers."""
        for item, answers in state.answers.items():
            row = self.row_of.get(item)
            if row is not None and self.label(row) is None:
                yield row, answers

    def people(self, state: State) -> list[dict[str, object]]:
        """Each annotator's name, labels, and time of the last answer."""
        counts: Counter[str] = Counter()
        last: dict[str, str] = {}
        for answers in state.answers.values():
            for who, answer in answers.items():
                counts[who] += answer.kind == LABEL
                last[who] = max(last.get(who, ""), answer.at)
        return [{"who": who, "labels": counts[who], "last": last[who]} for who in sorted(last)]
