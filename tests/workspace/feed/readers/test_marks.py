"""Marks are kept by reader and paper, follow papers that fall together, and are harmless whatever was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.errors import InputError
from modicum.workspace.feed import Store
from modicum.workspace.feed.merging import _move
from modicum.workspace.feed.readers import Mark, Marks, Readers
from modicum.workspace.feed.readers.addresses import one_line, plain
from modicum.workspace.feed.readers.marks import NOTE, TAGS


@pytest.fixture
def marks(readers, two):
    return Marks(readers, two[0])


def join(folder, paper, to_paper):
    """Have one paper be another, as reading sources does."""
    store = Store.open(folder)
    with store.transaction() as db:
        _move(db, paper, to_paper)
    store.close()


def test_what_is_said_is_told(marks, clock):
    marks.like(1, True)
    clock.now += 1
    marks.like(2, True)
    marks.hide(3, True)
    marks.tag(1, "few  labels", True)
    marks.tag(2, "few labels", True)
    marks.tag(1, "a", True)
    marks.note(4, " read\r\nagain ")
    assert marks.of([1, 2, 3, 4, 4]) == {
        1: Mark(liked=True, tags=("a", "few labels")),
        2: Mark(liked=True, tags=("few labels",)),
        3: Mark(hidden=True),
        4: Mark(note="read\nagain"),
    }
    assert (marks.liked(), marks.hidden(), marks.noted()) == ([2, 1], [3], [4])
    assert (marks.tags(), marks.tagged("few labels")) == ({"a": 1, "few labels": 2}, [2, 1])


def test_what_is_taken_back_leaves_nothing(marks, readers):
    marks.like(1, True)
    marks.like(1, False)
    marks.note(1, "x")
    marks.note(1, "")
    marks.tag(1, "x", True)
    marks.tag(1, "x", False)
    marks.tag(1, "never there", False)
    assert marks.of([1]) == {1: Mark()}
    assert readers.rows("SELECT * FROM opinions") + readers.rows("SELECT * FROM tags") == []


def test_liked_and_hidden_exclude_each_other(marks):
    marks.like(1, True)
    marks.hide(1, True)
    assert marks.of([1])[1] == Mark(hidden=True)
    marks.like(1, True)
    assert marks.of([1])[1] == Mark(liked=True)


def test_no_one_sees_or_changes_what_another_says(readers, two, marks):
    other = Marks(readers, two[1])
    marks.like(1, True)
    marks.tag(1, "mine", True)
    marks.note(1, "mine")
    for change in (other.like, other.hide):
        change(1, False)
    other.tag(1, "mine", False)
    other.note(1, "")
    assert (other.liked(), other.tags(), other.tagged("mine"), other.noted()) == ([], {}, [], [])
    assert other.of([1]) == {1: Mark()}
    assert marks.of([1]) == {1: Mark(liked=True, tags=("mine",), note="mine")}


def test_marks_follow_papers_that_fall_together(readers, two, marks, folder):
    other = Marks(readers, two[1])
    marks.like(1, True)
    marks.note(1, "first")
    marks.note(2, "second")
    for paper in (1, 2):
        marks.tag(paper, "x", True)
    other.hide(2, True)
    join(folder, 2, 1)
    assert marks.of([1]) == {1: Mark(liked=True, tags=("x",), note="first\nsecond")}
    assert (marks.tags(), marks.tagged("x"), other.hidden()) == ({"x": 1}, [1], [1])
    marks.like(2, False)
    assert marks.liked() == []


def test_what_is_not_there_or_too_much_is_refused(marks, readers):
    with pytest.raises(InputError, match=r"there is no paper 99; .* look for it again"):
        marks.like(99, True)
    with pytest.raises(InputError, match="name of a tag has 0 characters; write 1 to 60"):
        marks.tag(1, " \u200b\n", True)
    with pytest.raises(InputError, match="the note has 10,001 characters"):
        marks.note(1, "x" * (NOTE + 1))
    for number in range(TAGS):
        marks.tag(1, f"t{number}", True)
    marks.tag(2, "t0", True)
    with pytest.raises(InputError, match="there are 500 tags already"):
        marks.tag(2, "one more", True)


def test_hostile_names_are_data(marks):
    for name in ("'); DROP TABLE tags; --", "<script>alert(1)</script>", "%", "_", "a\x00b\u202ec"):
        marks.tag(1, name, True)
    assert "<script>alert(1)</script>" in marks.tags()
    assert "abc" in marks.tags()
    assert marks.tagged("%") == [1]
    assert marks.tagged("_") == [1]


@given(st.text(max_size=80))
def test_one_line_is_one_line_and_stays_so(text):
    try:
        line = one_line(text, 60, "tag")
    except InputError:
        return
    assert line == one_line(line, 60, "tag")
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(st.text())
def test_plain_keeps_what_it_made(text):
    assert plain(plain(text)) == plain(text)


def test_marks_are_on_disk_when_a_call_returns(marks, folder, two):
    marks.like(1, True)
    again = Readers.open(folder)
    assert Marks(again, two[0]).liked() == [1]
    again.close()
