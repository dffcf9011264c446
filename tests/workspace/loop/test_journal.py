"""The journal: nothing acknowledged is lost, whatever bytes a kill leaves; one writer; other files are left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.workspace.loop import Journal, read_journal
from modicum.workspace.loop import journal as module
from modicum.workspace.loop.events import KINDS, Event, read_event

TEXTS = st.text(max_size=12)
NAMED = {"class_added": (1, 1), "class_renamed": (2, 2), "class_merged": (2, 3)}


def an_event(kind):
    least, most = NAMED.get(kind, (0, 3))
    return st.builds(
        Event,
        kind=st.just(kind),
        who=TEXTS,
        at=TEXTS,
        items=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
        classes=st.lists(TEXTS, min_size=least, max_size=most).map(tuple),
        text=TEXTS,
        how=TEXTS,
        model=st.integers(0, 9),
        of=st.integers(0, 9),
        final=st.booleans(),
        request=TEXTS,
    )


EVENTS = st.sampled_from(KINDS).flatmap(an_event)


def written(path, events):
    journal = Journal.open(path)
    told = journal.extend(events)
    journal.close()
    return told


@given(EVENTS)
def test_an_event_is_one_line_and_comes_back_whole(event):
    line = event.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.startswith(module.START)
    assert read_event(line) == event


@given(st.lists(st.lists(TEXTS, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple))
def test_sets_of_labels_come_back_as_they_went_in(sets):
    event = Event("label", items=tuple(("a", str(n)) for n in range(len(sets))), classes=("x",), sets=sets)
    assert read_event(event.to_line()) == event
    assert [names for _, names in event.told()] == list(sets)


def test_sets_that_do_not_fit_the_items_are_refused():
    with pytest.raises(InputError, match="it holds 2 sets of labels for 1 items"):
        read_event(b'{"n":1,"kind":"label","items":[["a","b"]],"sets":[["x"],[]]}')
    with pytest.raises(InputError, match="the value of 'sets' is of the wrong type"):
        read_event(b'{"n":1,"kind":"label","items":[["a","b"]],"sets":["x"]}')


@given(st.lists(EVENTS, min_size=1, max_size=4), st.data())
def test_any_prefix_of_its_bytes_opens_with_every_whole_line(tmp_path_factory, events, data):
    path = tmp_path_factory.mktemp("journal") / "labels.jsonl"
    told = written(path, events)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    ended = whole[cut : cut + 1] == b"\n"
    lines = whole[:cut].count(b"\n") + ended
    journal = Journal.open(path)
    assert journal.events == told[:lines]
    assert (journal.torn > 0) == (cut > 0 and not ended and not whole[:cut].endswith(b"\n"))
    journal.append(Event("skip", who="ana"))
    journal.close()
    after, torn = read_journal(path)
    assert [event.n for event in after] == list(range(1, lines + 2))
    assert torn == 0


def test_a_last_line_without_its_end_is_kept(tmp_path):
    path = tmp_path / "labels.jsonl"
    told = written(path, [Event("skip"), Event("note", text="by hand")])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_journal(path) == (told, 0)
    journal = Journal.open(path)
    assert (journal.events, journal.torn) == (told, 0)
    more = journal.append(Event("unsure"))
    journal.close()
    assert read_journal(path) == ([*told, more], 0)
    assert path.read_bytes().count(b"\n") == 3


def test_zeros_that_a_power_cut_leaves_are_cut_off(tmp_path):
    path = tmp_path / "labels.jsonl"
    told = written(path, [Event("skip")])
    path.write_bytes(path.read_bytes() + bytes(100))
    journal = Journal.open(path)
    assert (journal.events, journal.torn) == (told, 100)
    journal.close()
    assert read_journal(path) == (told, 0)


def test_events_are_synced_before_they_are_acknowledged(tmp_path, monkeypatch):
    journal = Journal.open(tmp_path / "labels.jsonl")
    order = []
    monkeypatch.setattr(module.os, "fsync", lambda file: order.append("synced"))
    real = os.write
    monkeypatch.setattr(module.os, "write", lambda file, data: order.append("written") or real(file, data))
    journal.append(Event("skip"))
    order.append("told")
    monkeypatch.undo()
    journal.close()
    assert order == ["written", "synced", "told"]


def test_several_events_are_numbered_on_and_synced_once(tmp_path, monkeypatch):
    path = tmp_path / "new" / "labels.jsonl"
    journal = Journal.open(path)
    syncs = []
    monkeypatch.setattr(module.os, "fsync", syncs.append)
    told = [journal.append(Event("skip", who="ana")), *journal.extend(Event("skip", who=who) for who in "bc")]
    monkeypatch.undo()
    assert [(event.n, event.who) for event in told] == [(1, "ana"), (2, "b"), (3, "c")]
    assert len(syncs) == 2
    assert journal.events == told
    journal.close()
    assert read_journal(path) == (told, 0)
    assert path.stat().st_mode & 0o777 == 0o600, "what people wrote is nobody else's concern"


def test_a_journal_that_is_not_there_holds_nothing(tmp_path):
    assert read_journal(tmp_path / "labels.jsonl") == ([], 0)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_of_the_event(tmp_path, monkeypatch):
    path = tmp_path / "labels.jsonl"
    journal = Journal.open(path)
    journal.append(Event("skip"))
    real = os.write

    def half(file, data):
        if len(data) < 10:
            raise OSError(28, "No space left on device")
        return real(file, data[: len(data) - 5])

    monkeypatch.setattr(module.os, "write", half)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\); nothing was saved"):
        journal.append(Event("unsure", who="ana"))
    monkeypatch.undo()
    journal.append(Event("note", text="later"))
    journal.close()
    events, torn = read_journal(path)
    assert [event.kind for event in events] == ["skip", "note"]
    assert torn == 0


def test_a_disk_that_is_gone_for_a_while_leaves_nothing_of_the_event(tmp_path, monkeypatch):
    path = tmp_path / "labels.jsonl"
    journal = Journal.open(path)
    journal.append(Event("skip"))
    real = os.write

    def gone(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(module.os, "write", lambda file, data: real(file, data[:9]) if len(data) > 20 else gone())
    monkeypatch.setattr(module.os, "ftruncate", gone)
    for _ in range(2):
        with pytest.raises(InputError, match=r"cannot be written \(Input/output error\); nothing was saved"):
            journal.append(Event("unsure", who="ana"))
    monkeypatch.undo()
    assert not path.read_bytes().endswith(b"\n"), "a part of the line is there"
    journal.append(Event("note", text="later"))
    journal.close()
    events, torn = read_journal(path)
    assert ([event.kind for event in events], torn) == (["skip", "note"], 0)


def test_one_process_writes_at_a_time(tmp_path):
    first = Journal.open(tmp_path / "labels.jsonl")
    with pytest.raises(InputError, match="is open in another modicum label"):
        Journal.open(tmp_path / "labels.jsonl")
    first.close()
    first.close()
    Journal.open(tmp_path / "labels.jsonl").close()


def test_files_that_are_no_journal_are_refused_and_left_as_they_are(tmp_path):
    for content in (b"my notes without a newline", b"text,label\nhello,greeting\n", b'{"a": 1}\n', b"[]"):
        path = tmp_path / "notes.txt"
        path.write_bytes(content)
        with pytest.raises(InputError, match="is not a journal of modicum; choose another place with --journal"):
            Journal.open(path)
        assert path.read_bytes() == content


def test_a_broken_line_in_the_middle_is_named(tmp_path):
    path = tmp_path / "labels.jsonl"
    written(path, [Event("skip"), Event("skip")])
    first, second = path.read_bytes().splitlines(keepends=True)
    cases = {
        first + b"oops\n" + second: "line 2: it is not JSON; remove the line",
        first + b'{"n":' + b"[" * 100_000 + b"\n": "line 2: it is not JSON; remove the line",
        first + b'{"n":2,"kind":"dance"}\n': "line 2: the kind 'dance' is not known",
        first + b'{"n":2,"kind":"skip","colour":1}\n': "line 2: the key 'colour' is not known",
        first + b'{"n":2,"kind":"skip","items":[["a"]]}\n': "line 2: the value of 'items' is of the wrong type",
        first + b'{"n":2,"kind":"skip","final":1}\n': "line 2: the value of 'final' is of the wrong type",
        first + b'{"n":2,"kind":"class_added"}\n': "line 2: an event 'class_added' cannot name 0 classes; remove",
        first + b'{"n":2,"kind":"class_renamed","classes":["a"]}\n': "an event 'class_renamed' cannot name 1 class;",
        first + b'{"n":2,"kind":"class_merged","classes":["a"]}\n': "an event 'class_merged' cannot name 1 class;",
        first + second + first: "line 3: event 1 comes after event 2; where two journals were joined, import one",
    }
    for content, words in cases.items():
        path.write_bytes(content)
        with pytest.raises(InputError, match=words):
            Journal.open(path)
        assert path.read_bytes() == content


def test_a_folder_in_its_place_is_refused(tmp_path):
    (tmp_path / "labels.jsonl").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        Journal.open(tmp_path / "labels.jsonl")


@pytest.mark.parametrize("place", ["", ".", "/"])
def test_a_place_without_a_name_is_refused(place):
    with pytest.raises(InputError, match="is a folder, not a file; choose another place with --journal"):
        Journal.open(Path(place))


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"cannot be written \(.*\); choose another place with --journal"):
        Journal.open(tmp_path / "file" / "labels.jsonl")


def test_who_was_refused_holds_nothing_back(tmp_path):
    """Whoever keeps the error keeps what it saw: the lock must not be among it."""
    path = tmp_path / "labels.jsonl"
    path.write_text("my notes")
    with pytest.raises(InputError) as refusal:
        Journal.open(path)
    path.unlink()
    Journal.open(path).close()
    assert "is not a journal" in str(refusal.value)
