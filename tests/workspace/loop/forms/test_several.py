"""Several labels a row: cells, the standing of rows, what a query sees, recipes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.records import LabelSpace, Table
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.foreign import Foreign
from modicum.workspace.loop.forms import SeveralLabels
from modicum.workspace.loop.state import fold
from tests.workspace.loop.worlds import THEMES, tags_world

FORM = SeveralLabels("|")


@given(st.sets(st.text(st.characters(categories=["L", "N"]), min_size=1)))
def test_a_cell_comes_back_as_the_names_that_went_in(names):
    assert FORM.parts(FORM.cell(names)) == tuple(sorted(names))


def test_none_is_a_separator_alone_and_names_must_not_hold_it():
    assert FORM.cell([]) == "|"
    assert FORM.parts(" b | a ||") == ("b", "a")
    with pytest.raises(InputError, match=r"the name 'a\|b' holds '\|', which parts labels; choose another name"):
        FORM.check_name("a|b")


def test_the_column_of_an_export():
    def column(*names, label):
        return FORM.column(Table(("0",), ("x",), (None,), label_column=label, columns={name: [""] for name in names}))

    assert column("text", "tags", label="tags") == "tags"
    assert column("text", "red", "round", label="red, round") == "labels"
    assert column("text", "labels", label=None) == "all_labels"
    assert column("text", "labels", "all_labels", label=None) == "all_labels_2"


def test_imported_labels_of_one_text_by_one_person_add_up():
    told = [
        Foreign("x", ("b",), "ana"),
        Foreign("x", ("a | c",), "ana", whole=True),
        Foreign("x", (), "ben"),
        Foreign("y", ("|",), "", whole=True),
    ]
    assert FORM.imported(told) == [
        Foreign("x", ("a", "b", "c"), "ana"),
        Foreign("x", (), "ben"),
        Foreign("y", (), ""),
    ]
    with pytest.raises(InputError, match="which parts labels"):
        FORM.imported([Foreign("x", ("a|b", "c"))])


def events(*told):
    return fold([Event("opened", classes=THEMES, n=1), *(event for event in told)])


def test_the_board_holds_what_the_table_says_until_somebody_says_otherwise():
    table, _, truth = tags_world(rows=14, labelled=7)
    board = FORM.board(table, events())
    assert [board.label(row) for row in range(8)] == [*truth[:7], None]
    assert board.counts() == {0: 3, 1: 3, 2: 2}
    item = board.items
    state = events(
        Event("label", "ana", items=(item[1],), classes=(), n=2),
        Event("label", "ana", items=(item[9],), classes=("sport", "weather"), n=3),
        Event("unlabel", "ana", items=(item[4],), n=4),
        Event("class_merged", "ana", classes=("food", "sport"), n=5),
    )
    board.refresh(state)
    assert [board.label(row) for row in (0, 1, 4, 6, 9)] == [(), (), None, (1,), (1, 2)]
    assert board.counts() == {1: 4, 2: 3}
    assert np.flatnonzero(board.labelled).tolist() == [0, 1, 2, 3, 5, 6, 9]
    assert board.colours()[[0, 4, 5, 6]].tolist() == [-2, -1, 2, 1], "the rarer of two tells more"
    strata, labelled, Y = board.targets((2, 1))
    assert Y[[0, 5, 6, 9]].tolist() == [[0, 0], [1, 1], [0, 1], [1, 1]]
    assert strata[[0, 5, 6]].tolist() == [2, 0, 1]
    assert labelled.sum() == 7


@given(st.lists(st.tuples(st.integers(0, 6), st.sets(st.sampled_from(THEMES))), max_size=8))
def test_counts_and_targets_are_those_of_the_labels_row_by_row(answers):
    table, _, _ = tags_world(rows=7, labelled=3)
    board = FORM.board(table, events())
    told = [
        Event("label", "ana", items=(board.items[row],), classes=tuple(names), n=n)
        for n, (row, names) in enumerate(answers, start=2)
    ]
    board.refresh(events(*told))
    Y = board.targets((0, 1, 2))[2]
    rows = [board.label(row) for row in range(7)]
    assert [tuple(np.flatnonzero(one)) for one in Y] == [found or () for found in rows]
    assert board.counts() == {k: n for k in range(3) if (n := sum(k in (found or ()) for found in rows))}


def test_a_query_sees_how_many_labels_are_in_doubt():
    seen = FORM.doubt(np.array([[0.5, 0.5], [0.5, 0.01], [0.99, 0.01]]))
    np.testing.assert_allclose(seen.sum(axis=1), 1)
    margin = np.abs(seen[:, 0] - seen[:, 1])
    assert margin.tolist() == sorted(margin)
    assert margin[0] == 0
    assert FORM.doubt(np.empty((0, 3))).shape == (0, 2)


def problem_of(labelled, names=None):
    _, X, truth = tags_world(rows=30)
    Y = np.array([[int(code in found) for code in range(3)] for found in truth], dtype=np.uint8)
    known = np.arange(30) < labelled
    return Problem(X, np.zeros(30, dtype=np.int64), known, LabelSpace(THEMES), names, targets=Y)


def test_recipes_take_what_there_is():
    names = np.eye(3, 4, dtype=np.float32)
    assert FORM.recipe(problem_of(0), 0) is None
    assert FORM.recipe(problem_of(0, names), 1).name == "names + shots"
    assert FORM.recipe(problem_of(5, names), 0).name == "names + shots"
    assert FORM.recipe(problem_of(5), 0).name == "one-vs-rest"
    assert FORM.recipe(problem_of(5), 9).name == "nearest rows"
    alone = problem_of(0, names)
    fitted = FORM.fit(FORM.recipe(alone, 0), alone, 0)
    assert fitted.scores(names).argmax(axis=1).tolist() == [0, 1, 2], "names alone suggest"
