"""Indicator matrices and numbers from tables, and the hint that numbers may be meant."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError, LabelSpace, Table
from modicum.data.read import indicators, label_matrix, no_label_hint, number_column, numeric_hint, parted, several_hint


def table(labels, separator=None):
    ids = tuple(map(str, range(len(labels))))
    return Table(ids, ids, tuple(labels), "t.csv", label_column="price", separator=separator)


def test_matrix_of_labels():
    space, Y, known = label_matrix(table(["b|a", None, ""], "|"), None)
    assert space.names == ("a", "b")
    assert Y.tolist() == [[1, 1], [0, 0], [0, 0]]
    assert known.tolist() == [True, False, True]
    wider = LabelSpace(("b", "c", "a"))
    assert label_matrix(table(["b|a"], "|"), wider)[1].tolist() == [[1, 0, 1]]
    assert indicators(parted(["c", None], "|"), wider).tolist() == [[0, 1, 0], [0, 0, 0]]


def test_labels_that_are_refused():
    with pytest.raises(InputError, match="row 2: the label 'bb' is not in the class file"):
        label_matrix(table(["a", "bb"], "|"), LabelSpace(("a", "b")))
    with pytest.raises(InputError, match="'A' \\(row 2\\) differ only by case or blanks"):
        label_matrix(table(["a", "A"], "|"), None)
    with pytest.raises(InputError, match="holds no label at all"):
        label_matrix(table([None], "|"), None)
    with pytest.raises(InputError, match="declared as a LabelSpace, not as a tuple"):
        label_matrix(table(["a|b"], "|"), ("a", "b"))


def test_numbers():
    values, known = number_column(table(["1.5", None, "-2e3"]))
    assert values[known].tolist() == [1.5, -2000.0]
    with pytest.raises(InputError, match=r"t.csv, row 2: column 'price' holds '1,5', which is no number"):
        number_column(table(["1", "1,5"]))
    with pytest.raises(InputError, match="holds 'inf'"):
        number_column(table(["1", "inf"]))
    with pytest.raises(InputError, match="the same number in every row"):
        number_column(table(["1", "1.0"]))
    with pytest.raises(InputError, match="holds no number at all"):
        number_column(table([None]))


@pytest.mark.parametrize(
    ("labels", "hinted"),
    [
        ([f"{n}.25" for n in range(30)], True),
        ([str(n * n) for n in range(30)], True),
        ([str(n) for n in range(30)] * 2, False),
        ([str(n * n) for n in range(30)] * 3, False),
        ([str(n % 5) for n in range(60)], False),
        (["a", *map(str, np.arange(30) / 7)], False),
    ],
)
def test_only_many_odd_numbers_are_taken_for_a_numeric_target(labels, hinted):
    told = numeric_hint(table(labels))
    assert (told is not None) == hinted
    assert told is None or told.endswith("for a numeric target give --target number")


@pytest.mark.parametrize(
    ("labels", "sign"),
    [
        (["red|round", "red", "round", "red|flat", "flat|green", None], "|"),
        (["a;b", "b;c", "a;c", "c"], ";"),
        (["Paris, France", "Rome, Italy", "Oslo"], None),
        (["yes", "no"], None),
        (["a|b", "c"], None),
    ],
)
def test_labels_that_look_joined_are_told_once_they_part_into_fewer_names(labels, sign):
    told = several_hint(table(labels))
    assert (told is None) == (sign is None)
    assert told is None or told.endswith(f"for several labels a row give --separator {sign!r}")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["a", "NaN", None, "b", "NaN", "null"], "'NaN', the label of 2 rows in column 'price', is taken for a class"),
        (["a", "None"], "'None', the label of 1 row in column 'price'"),
        (["a", "none", "nannies", None], None),
    ],
)
def test_what_programs_write_for_no_label_is_told(labels, told):
    found = no_label_hint(table(labels))
    assert (found is None) == (told is None)
    assert told is None or found.startswith(told)
