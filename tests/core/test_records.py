"""Label spaces and tables: codes, words, masks, and what they refuse."""

from __future__ import annotations

import pytest

from modicum.core import Card, InputError, LabelSpace, Table


def test_codes_and_mask_of_partly_labelled_rows():
    codes, mask = LabelSpace(("b", "a")).encode(["a", None, "b"])
    assert codes[mask].tolist() == [1, 0]
    assert mask.tolist() == [True, False, True]


def test_class_texts_join_name_and_description():
    space = LabelSpace(("card_lost", "other"), descriptions=("the card is gone", ""))
    assert space.texts() == ("card lost: the card is gone", "other")


def test_label_space_refuses_what_contradicts():
    with pytest.raises(InputError, match="class 'a' is named twice"):
        LabelSpace(("a", "a"))
    with pytest.raises(InputError, match="1 parents for 2 classes"):
        LabelSpace(("a", "b"), parents=("x",))
    with pytest.raises(InputError, match="row 1: label 'c' is not one of the 2 classes"):
        LabelSpace(("a", "b")).encode(["a", "c"])


def test_table_knows_its_labelled_rows():
    table = Table(("0", "1"), ("x", "y"), (None, "a"))
    assert len(table) == 2
    assert table.labelled.tolist() == [False, True]


def test_cards_refuse_unknown_rooms_and_needs():
    facts = {"name": "X", "question": "q", "summary": "s", "paper": "p", "year": 2000, "cost": "O(1)"}
    with pytest.raises(InputError, match="room 'attic' is not one of"):
        Card(room="attic", needs=(), **facts)
    with pytest.raises(InputError, match="needs \\['luck'\\]"):
        Card(room="heads", needs=("luck",), **facts)
    with pytest.raises(InputError, match="without a full stop"):
        Card(room="heads", needs=(), **(facts | {"summary": "Ends so."}))
