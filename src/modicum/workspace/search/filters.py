"""Which rows a search may find: those whose columns hold given values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_column, nearest_name
from modicum.core.errors import InputError
from modicum.core.records import Table

SUGGESTED = 10_000
"""Values among which one is sought that an unknown one may have meant."""


def kept_rows(table: Table, filters: Sequence[str]) -> NDArray[np.bool_]:
    """Mask (N,) of the rows that pass every filter.

    Args:
        table: The table; its own columns can be named.
        filters: `COL=VALUE` each; an empty value keeps rows whose cell is empty or a list of nothing, and of a cell
            that holds a list one item is enough.

    Raises:
        InputError: A filter is written otherwise, names an unknown column, or no row passes.

    Example:
        >>> import modicum
        >>> table = modicum.read({"text": ["a", "b", "c"], "year": [1999, 2001, 2001]}, text="text")
        >>> kept_rows(table, ["year=2001"]).tolist()
        [False, True, True]
    """
    kept = np.ones(len(table), dtype=bool)
    for told in filters:
        column, sign, value = told.partition("=")
        if not sign or not column:
            raise InputError(f"the filter {told!r} names no value; write COL=VALUE")
        named = check_column(column, table.columns, source=table.source, option="--filter")
        cells = [_values(cell) for cell in table.columns[named]]
        passed = np.array([value in cell for cell in cells], dtype=bool)
        if not passed.any():
            there = sorted({one for cell in cells for one in cell})[:SUGGESTED]
            raise InputError(f"no row of {table.source} has {column}={value}{nearest_name(value, there)}")
        kept &= passed
    if not kept.any():
        raise InputError(f"no row of {table.source} passes all of {', '.join(filters)}; give fewer filters")
    return kept


def _values(cell: Any) -> tuple[str, ...]:
    """What a cell holds, as it would be written."""
    if isinstance(cell, (list, tuple)):
        return tuple(one for item in cell for one in _values(item)) or ("",)
    if cell is None or cell != cell:
        return ("",)
    if isinstance(cell, bool):
        return (str(cell).lower(),)
    return (str(int(cell)),) if isinstance(cell, float) and cell.is_integer() else (str(cell),)
