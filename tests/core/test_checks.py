"""Every wording of a refusal, and that good input passes unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core import checks as module
from modicum.core.checks import (
    check_choice,
    check_codes,
    check_column,
    check_fraction,
    check_indicators,
    check_probabilities,
    check_several,
    check_share,
    check_values,
    check_vectors,
    check_weights,
    nearest_name,
)


def test_nearest_name_suggests_or_lists():
    assert nearest_name("txt", ["text", "label"]) == "; did you mean 'text'?"
    assert nearest_name("TEXT", ["text"]) == "; did you mean 'text'?"
    assert nearest_name("zzz", ["a", "b"]) == "; there are: 'a', 'b'"
    assert nearest_name("zzz", [str(n) for n in range(20)]).endswith(", ...")
    assert nearest_name("zzz", []) == ""
    assert nearest_name("zzz", "abcdefgh") == "; there are: 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'"
    assert nearest_name("zzz", "abcdefghi") == "; there are: 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', ..."


def test_a_name_is_suggested_when_half_of_it_is_alike():
    """The ratio of difflib: twice the letters in common over all letters, 2 of 4 here and 2 of 5 there."""
    assert nearest_name("ax", ["ay"]) == "; did you mean 'ay'?"
    assert nearest_name("ax", ["ayz"]) == "; there are: 'ayz'"
    assert nearest_name("ax", ["ay", "axe", "bx"]) == "; did you mean 'axe'?"
    assert nearest_name("AX", ["ayz", "ay"]) == "; did you mean 'ay'?"


def test_good_vectors_pass_as_they_are():
    X = np.eye(3, dtype=np.float32)
    assert check_vectors(X) is X
    assert check_vectors([[1, 2]]).dtype == np.float64
    assert check_vectors(np.ones((2, 1), dtype=np.uint8)).dtype == np.float64
    assert check_vectors(np.empty((0, 3)), width=3, rows=0).shape == (0, 3)
    assert check_vectors(np.full((2, 9), 60_000, dtype=np.float16)).dtype == np.float16
    assert check_vectors(np.array([[1e19]])).item() == 1e19


@pytest.mark.parametrize(
    ("X", "rules", "message"),
    [
        (np.zeros(3), {}, r"two dimensions"),
        ([["a"]], {}, "must be numbers"),
        ([[True]], {}, "must be numbers, not bool"),
        (np.eye(2), {"width": 3}, "2 wide where 3 is expected"),
        (np.eye(2), {"rows": 5}, "2 rows where the table has 5"),
        ([[0.0], [np.nan]], {}, "row 1 holds NaN or infinity"),
        ([[np.inf]], {}, "row 0 holds NaN or infinity"),
        (np.array([[1.0], [-2e19]], dtype=np.float32), {}, r"row 1 holds numbers too large to be squared \(1 such"),
        (np.array([[1e30], [1e200]]), {}, r"row 0 holds numbers too large .* \(2 such rows\); scale all down"),
    ],
)
def test_bad_vectors(X, rules, message):
    with pytest.raises(InputError, match=message):
        check_vectors(X, **rules)


def test_every_row_is_looked_at_whatever_is_looked_at_together(monkeypatch):
    X = np.zeros((7, 2))
    X[[4, 6], 1] = np.nan
    for rows in (1, 2, 3, 7, 100):
        monkeypatch.setattr(module, "CHUNK", rows)
        with pytest.raises(InputError, match=r"^vectors: row 4 holds NaN or infinity \(2 such rows\)"):
            check_vectors(X)


def test_probabilities_may_be_off_by_rounding_and_no_more():
    good = [[1 + 5e-7, -5e-10], [0.5004, 0.5004], [0.4996, 0.4996]]
    assert check_probabilities(good).tolist() == good
    assert check_probabilities(np.eye(2, dtype=np.float32)).dtype == np.float64
    assert check_probabilities(np.empty((0, 2))).shape == (0, 2)
    for bad in ([1.0, 1.1e-3], [0.5, 0.4989]):
        with pytest.raises(InputError, match=r"probabilities: row 0 sums to .*, not 1"):
            check_probabilities([bad])


def test_bad_probabilities():
    with pytest.raises(InputError, match="between 0 and 1"):
        check_probabilities([[1.5, -0.5]])
    with pytest.raises(InputError, match=r"^held-out ones: row 0 holds NaN"):
        check_probabilities([[np.nan]], what="held-out ones")
    with pytest.raises(InputError, match=r"between 0 and 1; found -0\.1 to 0\.6"):
        check_probabilities([[0.5, 0.6, -0.1]])
    with pytest.raises(InputError, match=r"between 0 and 1; found 0 to 1\.5"):
        check_probabilities([[1.5, 0.0]])
    with pytest.raises(InputError, match=r"row 1 sums to 0\.5"):
        check_probabilities([[1.0, 0.0], [0.25, 0.25]])


def test_bad_codes():
    with pytest.raises(InputError, match="flat array of integers"):
        check_codes([0.5], classes=2)
    with pytest.raises(InputError, match=r"in 0\.\.1; found 0\.\.2"):
        check_codes([0, 2], classes=2)
    with pytest.raises(InputError, match=r"in 0\.\.1; found -1\.\.1"):
        check_codes([-1, 1], classes=2)
    with pytest.raises(InputError, match="flat array of integers"):
        check_codes([[0]], classes=2)
    with pytest.raises(InputError, match="1 class codes for 2 rows"):
        check_codes([0], classes=2, rows=2)


def test_good_codes_pass_as_integers():
    found = check_codes(np.array([0, 2], dtype=np.uint8), classes=3, rows=2)
    assert (found.tolist(), found.dtype) == ([0, 2], np.int64)
    assert check_codes([], classes=3, rows=0).dtype == np.int64


@pytest.mark.parametrize("value", [0, 1, -0.1, float("nan"), "x"])
def test_fractions_lie_strictly_inside(value):
    with pytest.raises(InputError, match="alpha must lie strictly between 0 and 1"):
        check_fraction(value, "alpha")


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), "x"])
def test_shares_lie_from_zero_to_one(value):
    assert [check_share(bound, "trust") for bound in (0, 0.5, 1)] == [0, 0.5, 1]
    with pytest.raises(InputError, match="trust must lie from 0 to 1, not"):
        check_share(value, "trust")


@pytest.mark.parametrize("weight", [[1.0], [1.0, -1.0], [1.0, float("nan")], [1.0, float("inf")], 1.0])
def test_weights_are_one_a_row(weight):
    assert check_weights(None, rows=2).tolist() == [1, 1]
    assert check_weights([0, 3], rows=2).tolist() == [0, 3]
    with pytest.raises(InputError, match="sample weights must be 2 numbers of at least 0, one per row"):
        check_weights(weight, rows=2)


def test_columns():
    assert check_column("a", iter("ab"), source="t.csv", option="--text") == "a"
    with pytest.raises(InputError, match=r"^t\.csv has no column 'texd' \(--text\); did you mean 'text'\?$"):
        check_column("texd", ["id", "text"], source="t.csv", option="--text")


def test_good_fractions_pass_as_floats():
    assert check_fraction(0.5, "alpha") == 0.5
    assert type(check_share(1, "share")) is float
    with pytest.raises(InputError, match=r"share must lie strictly between 0 and 1, not 1\.0"):
        check_fraction(1.0, "share")


def test_a_task_has_two_classes_or_more():
    check_several(np.array(["a", "b"]))
    told = (
        (np.array(["a"]), "only one class, 'a'"),
        (np.array([7]), "only one class, '7'"),
        (np.array([]), "no class"),
    )
    for classes, said in told:
        with pytest.raises(InputError, match=f"^there is {said}; a classifier needs at least two classes$"):
            check_several(classes)


def test_indicators_are_zeros_and_ones():
    for good in ([[True, False]], [[1, 0]], [[1.0, 0.0]]):
        found = check_indicators(np.array(good), rows=1)
        assert (found.tolist(), found.dtype) == ([[1, 0]], np.uint8)
    assert check_indicators([[0, 0]]).tolist() == [[0, 0]], "a row may have no label"
    for bad in ([[2, 0]], [[2, 1, 0]], [[0.5, 0.0]], [[-1, 0]]):
        with pytest.raises(InputError, match="labels must be an indicator matrix of 0 and 1"):
            check_indicators(bad)
    with pytest.raises(InputError, match="labels have 1 rows where the table has 2"):
        check_indicators([[1, 0]], rows=2)


def test_values_are_flat_and_finite():
    found = check_values([1, 2], rows=2)
    assert (found.tolist(), found.dtype) == ([1.0, 2.0], np.float64)
    assert check_values(np.array([3], dtype=np.uint8)).tolist() == [3.0]
    with pytest.raises(
        InputError, match=r"target values must be a flat array of numbers, not float64 of shape \(1, 1\)"
    ):
        check_values([[1.0]])
    with pytest.raises(InputError, match="errors must be a flat array of numbers, not <U1"):
        check_values(["1"], what="errors")
    with pytest.raises(InputError, match="2 target values for 3 rows; give one per row"):
        check_values([1, 2], rows=3)
    with pytest.raises(InputError, match="target values: row 2 holds NaN or infinity"):
        check_values([0.0, 1.0, np.inf, np.nan])


def test_choices():
    assert check_choice("a", "ab", "letter") == "a"
    with pytest.raises(InputError, match="letter 'c' is not known; there are: 'a', 'b'"):
        check_choice("c", "ab", "letter")
