"""Every wording of a refusal, and that good input passes unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.checks import (
    check_choice,
    check_codes,
    check_column,
    check_fraction,
    check_probabilities,
    check_share,
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


def test_good_vectors_pass_as_they_are():
    X = np.eye(3, dtype=np.float32)
    assert check_vectors(X) is X
    assert check_vectors([[1, 2]]).dtype == np.float64


@pytest.mark.parametrize(
    ("X", "rules", "message"),
    [
        (np.zeros(3), {}, r"two dimensions"),
        ([["a"]], {}, "must be numbers"),
        (np.eye(2), {"width": 3}, "2 wide where 3 is expected"),
        (np.eye(2), {"rows": 5}, "2 rows where the table has 5"),
        ([[0.0], [np.nan]], {}, "row 1 holds NaN or infinity"),
        ([[np.inf]], {}, "row 0 holds NaN or infinity"),
    ],
)
def test_bad_vectors(X, rules, message):
    with pytest.raises(InputError, match=message):
        check_vectors(X, **rules)


def test_bad_probabilities():
    with pytest.raises(InputError, match="between 0 and 1"):
        check_probabilities([[1.5, -0.5]])
    with pytest.raises(InputError, match=r"row 1 sums to 0\.5"):
        check_probabilities([[1.0, 0.0], [0.25, 0.25]])


def test_bad_codes():
    with pytest.raises(InputError, match="flat array of integers"):
        check_codes([0.5], classes=2)
    with pytest.raises(InputError, match=r"in 0\.\.1; found 0\.\.2"):
        check_codes([0, 2], classes=2)
    with pytest.raises(InputError, match="1 class codes for 2 rows"):
        check_codes([0], classes=2, rows=2)


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


def test_choices():
    assert check_choice("a", "ab", "letter") == "a"
    with pytest.raises(InputError, match="letter 'c' is not known; there are: 'a', 'b'"):
        check_choice("c", "ab", "letter")
