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
