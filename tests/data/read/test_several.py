"""Rows of several labels: a separator, lists, columns of 0 and 1, columns of names; and what is refused."""

from __future__ import annotations

import pytest

from modicum.core import InputError
from modicum.data import read


def labels(columns, **how):
    return read({"text": ["a", "b", "c", "d"], **columns}, text="text", **how)


def test_a_separator_parts_labels_sorts_them_and_drops_repeats():
    table = labels({"tags": ["x| y", "y|x|x", "", "|"]}, label="tags", separator="|")
    assert table.labels == ("x|y", "x|y", None, "")
    assert table.separator == "|"
    assert table.labelled.tolist() == [True, True, False, True]


def test_lists_need_no_separator():
    table = labels({"tags": [["x", "y"], [], None, ["x"]]}, label="tags")
    assert table.labels == ("x|y", "", None, "x")


def test_columns_of_flags_are_named_after_their_column():
    table = labels({"red": [1, 0, None, 0], "round": [True, False, None, True]}, label=["red", "round"])
    assert table.labels == ("red|round", "", None, "round")
    assert table.label_column == "red, round"


def test_columns_of_names_hold_names():
    table = labels({"first": ["x", "y", "", "x"], "second": ["y", "", "", "x"]}, label=("first", "second"))
    assert table.labels == ("x|y", "y", None, "x")


def test_one_column_without_a_separator_is_as_ever():
    table = labels({"tags": ["x|y", "0", "", "1"]}, label=["tags"])
    assert table.labels == ("x|y", "0", None, "1")
    assert table.separator is None


def test_refusals():
    with pytest.raises(InputError, match="row 2: column 'round' is empty and others are not; write 0"):
        labels({"red": [1, 0, 1, 0], "round": [1, None, 0, 0]}, label=["red", "round"])
    with pytest.raises(InputError, match="the label 'x\\|y' holds '\\|'; say what parts labels with --separator"):
        labels({"first": ["x|y", "y", "", "x"], "second": ["y", "", "", "x"]}, label=["first", "second"])
    with pytest.raises(InputError, match="no column of labels is named"):
        labels({}, separator="|")
    with pytest.raises(InputError, match="not blank"):
        labels({"tags": ["x"] * 4}, label="tags", separator=" ")
    with pytest.raises(InputError, match="'tags' is named twice"):
        labels({"tags": ["x"] * 4}, label=["tags", "tags"])
    with pytest.raises(InputError, match="no column 'tagz' \\(--label\\); did you mean 'tags'"):
        labels({"tags": ["x"] * 4}, label=["tags", "tagz"])
