"""Copies from the library: how each is told, and what an index can hold."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import ImageFile, Table
from modicum.workspace import dedup


def test_a_copy_by_text_is_not_told_by_the_cosine_of_unlike_vectors():
    texts = ("the card was stolen", "the card was stolen!", "where is my money", "where is the money gone")
    table = Table(tuple("abcd"), texts, (None,) * 4)
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.1], [-1.0, 0.0]])
    found = dedup(table, by="both", source=X).columns()
    assert dict(zip(found["id"], found["how"], strict=True)) == {
        "b": "nearly the same text, or by way of another copy",
        "d": "nearly the same, cosine 0.995",
    }


def test_images_have_an_index_of_vectors_and_none_of_texts(tmp_path):
    files = []
    for name in "abc":
        (tmp_path / name).write_bytes(name.encode())
        files.append(ImageFile(str(tmp_path / name)))
    table = Table(tuple("abc"), tuple("abc"), (None,) * 3, images=tuple(files))
    X = np.eye(3)
    index = dedup(table, by="vectors", source=X).index()
    assert index.ids == ("a", "b", "c")
    assert dedup(table, by="vectors", source=X, against=index).stored.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="images have no texts to keep in an index; make it with --by vectors"):
        dedup(table, by="text").index()


def six(**changes):
    """Three texts of one group, two of another, and one of its own."""
    texts = (
        "the card was stolen",
        "The card was stolen",
        "the card was stolen!",
        "where is it",
        "where is it",
        "hello you",
    )
    labels = (None, "a", "a", None, "b", None)
    return Table(tuple("abcdef"), texts, labels, columns={"split": ["x", "x", "y", "y", "y", "x"]}, **changes)


@pytest.mark.parametrize(("keep", "stay"), [("first", "adf"), ("longest", "cdf"), ("labelled", "bef")])
def test_which_row_of_a_group_stays(keep, stay):
    found = dedup(six(), keep=keep)
    assert [found.table.ids[row] for row in found.kept] == list(stay)
    assert sorted([*found.kept, *found.copies]) == list(range(6))


def test_what_is_told_of_a_table():
    told = dedup(six(), split="split").to_dict()
    assert told["copies_across_splits"] == ["a", "b", "c"]
    assert (told["rows"], told["kept"], told["copies"], told["groups"], told["largest_group"]) == (6, 3, 3, 2, 3)
    assert told["found"][0] | {"text": ""} == {
        "row": 2,
        "id": "b",
        "copy_of": "a",
        "where": "table",
        "how": "the same",
        "text": "",
    }
    assert dedup(six()).to_dict()["copies_across_splits"] is None


@pytest.mark.parametrize("by", ["text", "vectors"])
def test_a_group_goes_with_the_row_that_is_stored(by):
    X = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.02], [0.0, 1.0], [0.0, 1.0], [-1.0, 0.0]])
    before = Table(("old", "other"), ("the card was stolen", "quite something else"), (None, None))
    index = dedup(before, by=by, source=np.array([[1.0, 0.0], [0.5, -1.0]])).index()
    found = dedup(six(), by=by, source=X, against=index)
    assert found.stored.tolist() == [0, 0, 0, -1, -1, -1]
    assert [found.table.ids[row] for row in found.kept] == ["d", "f"]
    assert found.to_dict()["copies_of_stored_rows"] == 3
    assert found.columns()["copy_of"] == ["old", "old", "old", "d"]
    assert found.columns()["how"][0] == f"like a stored row, by {by}"
    assert found.index(index).ids == ("old", "other", "d", "f")


def test_images_are_not_sought_among_texts(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    images = (ImageFile(str(tmp_path / "x")),)
    index = dedup(six()).index()
    with pytest.raises(InputError, match="images have no texts to look for in an index; look with --by vectors"):
        dedup(Table(("a",), ("x",), (None,), images=images), against=index)


def test_a_row_goes_by_way_of_another_that_is_like_a_stored_one():
    degrees = np.deg2rad([10, 25, 120])
    X = np.column_stack([np.cos(degrees), np.sin(degrees)])
    table = Table(tuple("abc"), ("one", "two", "three"), (None,) * 3)
    index = dedup(Table(("old",), ("none",), (None,)), by="vectors", source=np.array([[1.0, 0.0]])).index()
    assert dedup(table, by="vectors", source=X, against=index).stored.tolist() == [0, 0, -1]
