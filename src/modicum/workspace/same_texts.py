"""Rows that say the same: to the letter or the byte, or nearly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.records import Table
from modicum.data.dedup import exact_duplicates, file_duplicates, near_duplicates


@dataclass(frozen=True, eq=False)
class SameTexts:
    """Groups (N,) of rows."""

    exact: NDArray[np.int64]
    near: NDArray[np.int64]
    """What splits keep together; never splits a group of `exact`."""


def same_texts(table: Table) -> SameTexts:
    """Group rows by their texts; images by their files' bytes, for which nothing counts as nearly the same."""
    if table.images is not None:
        groups = file_duplicates(table.images)
        return SameTexts(groups, groups)
    return SameTexts(exact_duplicates(table.texts), near_duplicates(table.texts))
