"""Rows that say the same: to the letter, or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.data.dedup import exact_duplicates, near_duplicates


@dataclass(frozen=True, eq=False)
class SameTexts:
    """Groups (N,) of rows."""

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    """What splits keep together; never splits a group of `exact`."""


def same_texts(texts: Sequence[str]) -> SameTexts:
    """Group rows by their texts."""
    return SameTexts(exact_duplicates(texts), near_duplicates(texts))
