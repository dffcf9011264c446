"""Every row's standing: its label, who may still be asked about it, and how far the work has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import Table
from modicum.workspace.loop.consensus import Consensus, label_of
from modicum.workspace.loop.events import LABEL, RANDOM, SKIP, UNLABEL, UNSURE, Item
from modicum.workspace.loop.matching import items_of
from modicum.workspace.loop.state import State

Ints = NDArray[np.int64]


class Board:
    """The rows of a table under a state. An answer changes its own rows alone; other events go over all answers."""

    def __init__(self, table: Table, state: State) -> None:
        self.table = table
        self.items = items_of(table.ids, table.texts)
        self.row_of = {item: row for row, item in reversed(list(enumerate(self.items)))}
        self._given_names = sorted({label for label in table.labels if label is not None})
        places = {name: place for place, name in enumerate(self._given_names)}
        self._given = np.array([-1 if label is None else places[label] for label in table.labels], dtype=np.int64)
        self.codes: Ints = np.empty(0, dtype=np.int64)
        """Number of the class of each row (N,); -1 where there is no label."""
        self.chance = np.zeros(len(table), dtype=bool)
        """Rows whose label was asked for because chance picked them."""
        self.settled = Consensus()
        self.refresh(state)

    def refresh(self, state: State, settled: Consensus | None = None) -> None:
        """Take the standing of all rows anew. Cost: O(N) in arrays, O(answers) beside."""
        if settled is not None:
            self.settled = settled
        numbers = np.array([*(state.number(name) for name in self._given_names), -1], dtype=np.int64)
        self.codes = numbers[self._given]
        self.chance[:] = False
        self.update(state, state.answers)

    def update(self, state: State, items: Iterable[Item]) -> None:
        """Take the standing of these items anew."""
        for item in items:
            row = self.row_of.get(item)
            if row is None:
                continue
            answers = state.answers.get(item, {}).values()
            label = label_of(state, item, self.settled)
            if label is not None:
                self.codes[row] = label[0]
            elif any(answer.kind in (LABEL, UNLABEL) for answer in answers):
                self.codes[row] = -1
            self.chance[row] = any(answer.how == RANDOM and answer.kind == LABEL for answer in answers)

    def given(self, row: int) -> bool:
        """Whether the table itself holds a label of the row."""
        return bool(self._given[row] >= 0)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask (N,) of rows with a label."""
        return self.codes >= 0

    def open_to(self, row: int, who: str, state: State) -> bool:
        """Whether this annotator may be asked about the row: it has no label, and they have not passed it by."""
        if self.codes[row] >= 0:
            return False
        mine = state.answers.get(self.items[row], {}).get(who)
        return mine is None or mine.kind == UNLABEL

    def passed_by(self, who: str, state: State, kind: str = SKIP) -> list[int]:
        """Rows that an annotator skipped (or was not sure about) and that nobody has labelled since."""
        rows = []
        for item, answers in state.answers.items():
            row = self.row_of.get(item)
            if row is not None and self.codes[row] < 0 and who in answers and answers[who].kind == kind:
                rows.append(row)
        return rows

    def unsure(self, state: State) -> list[int]:
        """Rows without a label that somebody was not sure about."""
        return [
            row
            for item, answers in state.answers.items()
            if (row := self.row_of.get(item)) is not None
            and self.codes[row] < 0
            and any(answer.kind == UNSURE for answer in answers.values())
        ]

    def people(self, state: State) -> list[dict[str, object]]:
        """Each annotator's name, labels, and time of the last answer."""
        counts: Counter[str] = Counter()
        last: dict[str, str] = {}
        for answers in state.answers.values():
            for who, answer in answers.items():
                counts[who] += answer.kind == LABEL
                last[who] = max(last.get(who, ""), answer.at)
        return [{"who": who, "labels": counts[who], "last": last[who]} for who in sorted(last)]

    def columns(self, numbers: Sequence[int]) -> Ints:
        """Column of each row's class (N,) among these numbers of classes; 0 where there is no label."""
        place = np.zeros(max((*numbers, 0)) + 2, dtype=np.int64)
        place[list(numbers)] = np.arange(len(numbers))
        return np.where(self.codes >= 0, place[self.codes], 0)
