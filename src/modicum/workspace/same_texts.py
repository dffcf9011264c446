"""Rows that say the same: to the letter or the byte, or nearly; and whether they stand on both sides of a split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_column
from modicum.core.errors import InputError
from modicum.core.records import Table
from modicum.core.texts import counted
from modicum.data.dedup import exact_duplicates, file_duplicates, near_duplicates

TEST = "test"
"""What a column of splits calls the rows that are kept back."""


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


def sides_of(table: Table, split: str) -> NDArray[np.str_]:
    """Which split (N,) each row belongs to, by a column of the table.

    Raises:
        InputError: There is no such column.
    """
    named = check_column(split, table.columns, source=table.source, option="--split")
    return np.array([str(side) for side in table.columns[named]])


def kept_back(table: Table, split: str) -> Table:
    """The table with the labels of its test rows hidden: nothing learns from them, figures are measured on them.

    Raises:
        InputError: There is no such column, or it calls no labelled row `test`.
    """
    test = np.char.lower(np.char.strip(sides_of(table, split))) == TEST
    if not (test & table.labelled).any():
        raise InputError(f"column {split!r} of {table.source} calls no labelled row {TEST!r}; name another column")
    both = zip(table.labels, test.tolist(), strict=True)
    shown, hidden = zip(*((None, label) if back else (label, None) for label, back in both), strict=True)
    return replace(table, labels=shown, hidden=hidden, test=test)


def copies_kept_back(table: Table, same: SameTexts) -> NDArray[np.int64]:
    """Rows, ascending, whose hidden label stands on a row that says nearly the same as a labelled one."""
    if table.hidden is None:
        return np.empty(0, dtype=np.int64)
    hidden = np.array([label is not None for label in table.hidden], dtype=bool)
    return np.flatnonzero(hidden & np.isin(same.near, same.near[table.labelled]))


def flattered(copies: Sequence[str], rows: int, without: float | None = None) -> list[str]:
    """What is said of figures on rows kept back of which some are copies of labelled ones: a sentence, or nothing.

    Args:
        copies: Ids of the copies.
        rows: Number of rows kept back.
        without: Accuracy on the others; None where that is not known.
    """
    if not copies:
        return []
    figure = "" if without is None else f": on the others accuracy is {100 * without:.1f} %"
    say = counted(len(copies), "says", "say")
    told = (
        f"Of the {counted(rows, 'row')} kept back, {say} the same as a labelled row, or nearly, so that figures on "
        f"them flatter{figure}; leave out the copies, whose ids report.json lists under test, or their labelled twins."
    )
    return [told]
