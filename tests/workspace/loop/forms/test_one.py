"""One label a row: what it refuses, and the standing of rows."""

from __future__ import annotations

import pytest

from modicum.core import InputError
from modicum.core.records import Table
from modicum.workspace.loop.events import Event, item_hash
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.forms import OneLabel, form_of
from modicum.workspace.loop.state import State, fold
from tests.workspace.loop.worlds import world


def test_a_cell_is_a_name_and_a_name_a_cell():
    form = OneLabel()
    assert form.parts("red|green, blue") == ("red|green, blue",)
    assert form.cell(["red|green"]) == "red|green"
    assert form.check_name("a|b") == "a|b"


def test_several_labels_at_once_are_refused_with_the_remedy():
    form = OneLabel()
    with pytest.raises(InputError, match="a row has one label here, not 2; for several say what parts them"):
        form.check_labels((1, 2))
    form.check_labels((1, 1))
    with pytest.raises(InputError, match=r"'some text' has several labels at once \('a', 'b'\)"):
        form.imported([Foreign("some text", ("a", "b"))])
    assert form.imported([Foreign("x", ()), Foreign("y", ("a",))]) == [Foreign("y", ("a",))]


def test_the_board_tells_classes_by_row():
    table, _, _ = world(per_class=2, labelled=1)
    form, state = form_of(table), State()
    for name in ("weather", "food", "sport"):
        state._known(name)
    board = form.board(table, state)
    assert [board.label(row) for row in range(6)] == [(1,), None, (2,), None, (0,), None]
    assert board.counts() == {0: 1, 1: 1, 2: 1}
    codes, labelled, targets = board.targets((2, 0, 1))
    assert codes[labelled].tolist() == [2, 0, 1]
    assert targets is None
    assert board.colours().tolist() == [1, -1, 2, -1, 0, -1]


def test_only_labels_that_chance_asked_for_are_rows_of_chance():
    """A skip of a random row tells no label; a label that was asked for otherwise tells nothing without bias."""
    table, _, _ = world(per_class=2)
    asked = [("label", "random", ("food",)), ("label", "query", ("food",)), ("skip", "random", ()),
             ("unsure", "random", ()), ("label", "", ("sport",))]  # fmt: skip
    events = [Event("opened", classes=("weather", "food", "sport"), n=1)]
    for row, (kind, how, classes) in enumerate(asked):
        item = (table.ids[row], item_hash(table.texts[row]))
        events.append(Event(kind, "ana", items=(item,), classes=classes, how=how, n=row + 2))
    state = fold(events)
    board = form_of(table).board(table, state)
    assert [row for row in range(6) if board.label(row)] == [0, 1, 4]
    assert board.chance.tolist() == [True, False, False, False, False, False]


def test_the_column_of_an_export():
    def column(*names, label=None, text="text"):
        columns = {name: [""] for name in names}
        return OneLabel().column(Table(("0",), ("x",), (None,), text_column=text, label_column=label, columns=columns))

    assert column("text", "label", "topic", label="topic") == "topic"
    assert column("text", "topic") == "label"
    assert column("text", "label", "label_2") == "label_3", "a column of the user's own is never written over"
    assert column("label", text="label") == column(text="label") == "label_2"
