"""Label spaces and tables: codes, words, masks, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import Card, InputError, LabelSpace, Table
from modicum.core.records import ImageFile, Vectors, refusal


def test_codes_and_mask_of_partly_labelled_rows():
    codes, mask = LabelSpace(("b", "a")).encode(["a", None, "b"])
    assert codes[mask].tolist() == [1, 0]
    assert mask.tolist() == [True, False, True]
    assert codes.tolist() == [1, 0, 0]
    assert (codes.dtype, mask.dtype) == (np.int64, bool)


def test_class_texts_join_name_and_description():
    space = LabelSpace(("card_lost", "other"), descriptions=("the card is gone", ""))
    assert space.texts() == ("card lost: the card is gone", "other")
    assert LabelSpace(("_a_b_", "c")).texts() == ("a b", "c")
    assert (len(space), space.index) == (2, {"card_lost": 0, "other": 1})


def test_label_space_refuses_what_contradicts():
    with pytest.raises(InputError, match="class 'a' is named twice"):
        LabelSpace(("a", "a"))
    with pytest.raises(InputError, match="1 parents for 2 classes"):
        LabelSpace(("a", "b"), parents=("x",))
    with pytest.raises(InputError, match="1 descriptions for 2 classes"):
        LabelSpace(("a", "b"), descriptions=("x",))
    with pytest.raises(InputError, match="row 1: label 'c' is not one of the 2 classes"):
        LabelSpace(("a", "b")).encode(["a", "c"])


def test_table_knows_its_labelled_rows():
    table = Table(("0", "1"), ("x", "y"), (None, "a"))
    assert len(table) == 2
    assert table.labelled.tolist() == [False, True]
    assert table.content == ("x", "y")
    files = (ImageFile("x.png"), ImageFile("y.png"))
    assert Table(("0", "1"), ("x", "y"), (None, None), images=files).content is files
    assert len(Vectors(np.zeros((3, 2), dtype=np.float32), "hashed", "f")) == 3


def test_files_of_images_remember_where_they_were_named():
    named = ImageFile("cat.png", "pets.csv, row 3")
    assert (named, named.where, ImageFile("cat.png").where) == ("cat.png", "pets.csv, row 3", "")
    assert str(refusal(named, "is gone")) == "pets.csv, row 3: cat.png is gone"
    assert str(refusal("cat.png", "is gone")) == str(refusal(ImageFile("cat.png"), "is gone")) == "cat.png is gone"


def test_cards_refuse_unknown_rooms_and_needs():
    facts = {"name": "X", "question": "q", "summary": "s", "paper": "p", "year": 2000, "cost": "O(1)"}
    with pytest.raises(InputError, match="room 'attic' is not one of"):
        Card(room="attic", needs=(), **facts)
    with pytest.raises(InputError, match=r"needs \['fame', 'luck', 'time'\]"):
        Card(room="heads", needs=("luck", "time", "labels", "fame"), **facts)
    assert Card(room="heads", needs=("labels",), **(facts | {"summary": "x" * 100})).summary == "x" * 100
    with pytest.raises(InputError, match="under 100 characters"):
        Card(room="heads", needs=(), **(facts | {"summary": "x" * 101}))
    with pytest.raises(InputError, match="without a full stop"):
        Card(room="heads", needs=(), **(facts | {"summary": "Ends so."}))
