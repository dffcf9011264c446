"""What every figure needs: rows to measure on, and as many answers as truths."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.checks import check_codes
from modicum.core.errors import InputError

ANY = 2**31
"""Bound on codes where the number of classes is not told."""


def check_truth(codes: ArrayLike, rows: int, classes: int = ANY) -> NDArray[np.int64]:
    """Return true classes (N,) for `rows` answers.

    Raises:
        InputError: There is no row, their number is another, or a code lies outside 0..classes-1.
    """
    truth = check_codes(codes, classes=classes, rows=rows)
    if not rows:
        raise InputError("there is no row to measure on; give at least one")
    return truth
