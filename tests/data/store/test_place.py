"""What `lance://` names: folder, table, version; clear refusals."""

from __future__ import annotations

import pytest

from modicum.core.errors import InputError
from modicum.data.store import Place, is_store, open_store
from modicum.data.store.writing import one_writer, read_notes, write_note


@pytest.mark.parametrize(
    ("source", "folder", "table", "version"),
    [
        ("lance://tickets", "tickets", None, None),
        ("lance:///data/tickets/", "/data/tickets", None, None),
        ("lance://a/b?table=mails", "a/b", "mails", None),
        ("lance://a?version=3&table=x", "a", "x", 3),
        ("lance://s3://bucket/a", "s3://bucket/a", None, None),
    ],
)
def test_parts(source, folder, table, version):
    place = Place.parse(source)
    assert (place.folder, place.table, place.version) == (folder, table, version)
    assert Place.parse(str(place)) == place
    assert is_store(source)
    assert (place.local is None) == ("s3://" in source)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("lance://", "names no folder; write lance://FOLDER"),
        ("lance://a?tabel=x", "'tabel' is not known; did you mean 'table'"),
        ("lance://a?version=two", "'two' is no version"),
        ("lance://a?version=0", "'0' is no version"),
        ("lance://a?table=", "write ?table=NAME"),
    ],
)
def test_refusals(source, said):
    with pytest.raises(InputError) as error:
        Place.parse(source)
    assert said in str(error.value)


def test_a_file_is_no_store():
    assert not is_store("tickets.csv")
    assert not is_store(None)


def test_without_the_package_the_remedy_is_told(monkeypatch, tmp_path):
    def missing(name):
        raise ModuleNotFoundError(name=name.partition(".")[0] and "lancedb")

    monkeypatch.setattr("modicum.data.store.opening.importlib.import_module", missing)
    with pytest.raises(InputError, match=r"needs the package lancedb; install it with: pip install 'modicum\[store\]'"):
        open_store(f"lance://{tmp_path}")


def test_one_writer_at_a_time(tmp_path):
    place = Place.parse(f"lance://{tmp_path}/s")
    with one_writer(place), pytest.raises(InputError, match="has one writer at a time: try again"), one_writer(place):
        pass
    with one_writer(place):
        pass


def test_object_storage_is_locked_on_this_machine(tmp_path):
    place = Place.parse("lance://s3://bucket/s")
    with one_writer(place), pytest.raises(InputError, match="another modicum is writing"), one_writer(place):
        pass


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"), one_writer(Place.parse(f"lance://{tmp_path}/file/s")):
        pass


def test_torn_notes_are_missed(tmp_path):
    place = Place(str(tmp_path), "rows")
    write_note(place, 2, "rows added: 3")
    with (tmp_path / "history.jsonl").open("a") as stream:
        stream.write('{"table": "ro')
    assert read_notes(place) == {2: "rows added: 3"}
    assert read_notes(Place(str(tmp_path), "other")) == {}
