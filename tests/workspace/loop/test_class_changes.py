"""Changes of classes in a session: once a request, one name one class, and labels that stay with theirs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from threading import Thread

import pytest

from modicum.core import InputError
from modicum.core.records import LabelSpace
from modicum.workspace.loop import Reply, Teacher
from tests.workspace.loop.worlds import world


def label(session, who, row, number):
    return session.answer(who, Reply("label", (row,), (number,)))


def test_a_change_of_classes_sent_twice_is_done_once(opened):
    session = opened()
    for _ in range(2):
        assert session.merge_classes("ana", [0], 1, request="m") == 1
        assert session.rename_class("ana", 1, "games", request="r") == 1
        assert session.add_class("ana", "music", request="a") == 3
    session.merge_classes("ana", [3], 2)
    assert session.add_class("ana", "music", request="a") == 2, "what it became"
    assert session.state.names == {1: "games", 2: "weather"}
    assert session.merge_classes("ana", [2], 1, request="last") == 1
    session.undo("ana", "a")
    session.undo("ana", "a")
    session.undo("ana", "a")
    with pytest.raises(InputError, match="no longer there"):
        session.add_class("ana", "music", request="a")


def test_a_class_is_checked_and_written_under_one_lock(opened):
    session = opened()
    write, seen = session.write, []

    def other(name):
        with suppress(InputError):
            seen.append(session.rename_class("ben", 1, name))

    def slow(event):
        thread = Thread(target=other, args=("music",))
        thread.start()
        thread.join(0.2)
        seen.append(thread)
        return write(event)

    session.write = slow
    session.rename_class("ana", 0, "music")
    session.write = write
    seen[0].join()
    assert list(session.state.names.values()) == ["music", "sport", "weather"]
    assert len(seen) == 1, "the other was refused"


@pytest.mark.parametrize("several", [False, True])
def test_the_tables_labels_keep_their_class_when_another_is_given_its_name(opened, several):
    table, X, _ = world(labelled=2)
    table = replace(table, separator="|" if several else None)
    session = opened(table=table, X=X)

    def shown():
        return [[session.state.names[number] for number in session.board.label(row)] for row in (0, 12, 24, 5)]

    label(session, "ana", 5, 0)
    session.rename_class("ana", 0, "meals")
    session.rename_class("ana", 1, "food")
    session.add_class("ana", "sport")
    assert shown() == [["meals"], ["food"], ["weather"], ["meals"]]
    session.journal.close()
    session = opened(table=table, X=X)
    assert shown() == [["meals"], ["food"], ["weather"], ["meals"]], "the file has the old names"
    session.journal.close()
    names = {"food": "meals", "sport": "food"}
    written = tuple(None if each is None else names.get(each, each) for each in table.labels)
    session = opened(table=replace(table, labels=written, stored=object()), X=X)
    assert shown() == [["meals"], ["food"], ["weather"], ["meals"]], "a store was given the new ones"
    session.rename_class("ana", 1, "games")
    assert shown() == [["meals"], ["games"], ["weather"], ["meals"]]


def test_a_class_of_the_page_that_the_table_has_since_is_that_class(opened):
    table, X, _ = world()
    session = opened(table=table, X=X)
    number = session.add_class("ana", "music")
    session.journal.close()
    table = replace(table, labels=("music", *table.labels[1:]))
    session = opened(table=table, X=X, space=LabelSpace(("food", "sport", "weather", "music")))
    assert session.board.label(0) == (number,)
    session.rename_class("ana", number, "songs")
    session.add_class("ana", "music")
    session.rename_class("ana", 0, "dishes")
    assert session.board.label(0) == (number,)


def test_class_names_are_checked(opened):
    session = opened()
    number = session.add_class("ana", "  new \n class ")
    assert session.state.names[number] == "new class"
    for name, words in (
        ("", "1 to 200 characters, not 0"),
        ("x" * 201, "not 201"),
        ("food", "there is a class 'food'"),
    ):
        with pytest.raises(InputError, match=words):
            session.add_class("ana", name)
    with pytest.raises(InputError, match="cannot be merged into itself"):
        session.merge_classes("ana", [1], 1)
    session.merge_classes("ana", [0], 1)
    with pytest.raises(InputError, match="no longer there"):
        label(session, "ana", 0, 0)
    with pytest.raises(InputError, match="no longer there"):
        session.rename_class("ana", 0, "more")


def test_a_name_is_taken_whatever_else_differs_by_case(opened):
    session = opened(space=LabelSpace(("Spam", "spam", "ham")))
    for taken in ("Spam", "spam"):
        with pytest.raises(InputError, match=f"there is a class '{taken}' already; merge the two"):
            session.rename_class("ana", 2, taken)
    session.rename_class("ana", 2, "SPAM")
    assert list(session.state.names.values()) == ["Spam", "spam", "SPAM"]


def test_an_undo_leaves_no_two_classes_with_one_name(opened):
    session = opened()
    session.rename_class("ana", 0, "meals")
    session.rename_class("ben", 1, "food")
    session.undo("ana", "a")
    assert list(session.state.names.values()) == ["food", "sport", "weather"]
    Teacher(session).refit()


def test_a_page_that_shows_an_undone_class_labels_nothing_as_another(opened):
    session = opened()
    number = session.add_class("ana", "x")
    assert session.add_class("ben", "y") == number + 1
    session.undo("ana", "a")
    with pytest.raises(InputError, match=r"no longer there \(somebody merged it or took it back\)"):
        label(session, "ben", 0, number)
    label(session, "ben", 0, number + 1)
    assert session.events[-1].classes == ("y",)
