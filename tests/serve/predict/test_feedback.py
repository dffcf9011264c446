"""Corrections on disk: the journal and the table beside it belong to `modicum label`."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from modicum.core import InputError
from modicum.serve.predict.feedback import Correction, Feedback, check_labels, table_of
from modicum.workspace.loop import Journal, read_journal
from modicum.workspace.loop.events import item_hash

BUNDLE = SimpleNamespace(classes=("food", "sport"), model=None)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "fix.labels.jsonl"


def reopened(place):
    return Feedback.open(place, BUNDLE)


def test_a_correction_is_an_answer_and_a_row(place):
    made = reopened(place)
    soup, goal = Correction("soup", ("food",), "ana"), Correction("a goal \u2028 in\nlines", ("sport",), "bo", "r1")
    told = made.write([soup, goal, goal])
    assert [each["event"] for each in told] == [2, 3, 3]
    assert made.write([goal]) == [told[1]], "the same request is written once"
    made.close()
    rows = [json.loads(line) for line in table_of(place).read_text().split("\n")[:-1]]
    assert rows == [{"id": item_hash(each.text), "text": each.text} for each in (soup, goal)]
    events, torn = read_journal(place)
    assert (torn, [event.kind for event in events], events[0].classes) == (
        0,
        ["opened", "label", "label"],
        BUNDLE.classes,
    )
    assert (events[1].who, events[1].classes, events[1].how) == ("ana", ("food",), "feedback")
    assert events[1].items == ((item_hash("soup"), item_hash("soup")),)
    again = reopened(place)
    assert again.write([goal])[0]["event"] == 3, "also after a restart"
    assert again.write([Correction("soup", ("sport",), "ana")])[0]["event"] == 4
    again.close()
    assert len(table_of(place).read_text().splitlines()) >= 2
    assert table_of(place).read_bytes().count(b"\n") == 2, "a text is there once"


def test_torn_lines_are_cut_off(place):
    made = reopened(place)
    made.write([Correction("soup", ("food",), "ana")])
    made.close()
    with table_of(place).open("ab") as table, place.open("ab") as journal:
        table.write(b'{"id": "0123456789abcdef", "te')
        journal.write(b'{"n":3,"kind":"la')
    again = reopened(place)
    again.write([Correction("bread", ("food",), "ana")])
    again.close()
    assert [json.loads(line)["text"] for line in table_of(place).read_text().splitlines()] == ["soup", "bread"]
    assert [event.n for event in read_journal(place)[0]] == [1, 2, 3]


def test_what_cannot_be_opened_is_refused_in_a_sentence(place):
    held = Journal.open(place)
    with pytest.raises(InputError, match=r"is open in another modicum label or serve; .* choose another --feedback"):
        reopened(place)
    held.close()
    place.write_text("my notes")
    with pytest.raises(InputError, match="is not a journal of modicum; choose another place with --feedback"):
        reopened(place)
    place.unlink()
    table_of(place).write_text("text\nsoup\n")
    with pytest.raises(InputError, match="is not a table of corrected texts; choose another --feedback"):
        reopened(place)
    table_of(place).unlink()
    reopened(place).close()


OWN = [{"id": item_hash(text), "text": text} for text in ("soup", "a \u2028 line")]


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": 1, "message": "a"}\n{"id": 2, "message": "b"}',
        b'{"id": 1, "message": "a"}\n{"id": 2, "message": "b"}\n',
        b'[{"id": 1, "message": "a"}, {"id": 2, "message": "b"}]',
        b"a long file of notes without an end",
        b'{"id": "1", "text": "soup"}',
        b'{"id": "0123456789abcdef", "text": "soup"}\n',
        json.dumps(OWN[0] | {"label": "food"}).encode() + b"\n",
        json.dumps(OWN[0]).encode() + b"\nmy notes",
        b'{"id": "0123456789abcdef", "text": "", "more": ' + b"[" * 100_000 + b"\n",
        b'{"id": "0123456789abcdef", "text": "\xff"}\n',
        b'{"id": "0123456789abcdef", "text": "", "text": 3}\n',
    ],
    ids=lambda content: repr(content[:50]),
)
def test_a_table_of_somebody_else_is_refused_and_left_as_it_is(place, content):
    table_of(place).write_bytes(content)
    with pytest.raises(
        InputError, match=r"is not a table of corrected texts; choose another --feedback, as line \d is"
    ):
        reopened(place)
    assert table_of(place).read_bytes() == content
    assert not place.exists()


@pytest.mark.parametrize("kept", [0, 1, 12, 45])
def test_however_a_line_was_torn_it_is_cut_off(place, kept):
    lines = [json.dumps(row).encode() + b"\n" for row in OWN]
    for torn in (lines[1][:kept], b"\0" * kept):
        table_of(place).write_bytes(lines[0] + torn)
        reopened(place).close()
        assert table_of(place).read_bytes() == lines[0]


def test_labels_are_classes_of_the_bundle():
    assert check_labels(BUNDLE, "food") == ("food",)
    with pytest.raises(InputError, match="class 'foot' is not known; did you mean 'food'"):
        check_labels(BUNDLE, "foot")
    with pytest.raises(InputError, match="a text has one class; 2 were given"):
        check_labels(BUNDLE, ["food", "sport"])
