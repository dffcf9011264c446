"""Labels of rows that may have several: a column with a separator, lists, or columns of 0 and 1 or of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modicum.core.errors import InputError

SEPARATOR = "|"
YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


def check_separator(separator: str) -> str:
    """Return what parts the labels of a row.

    Raises:
        InputError: It is blank.
    """
    if not separator.strip():
        raise InputError("the separator of labels must be a character such as | or ; and not blank")
    return separator


def joined_labels(
    columns: Mapping[str, Sequence[Any]], separator: str | None, name: str, offset: int
) -> tuple[str | None, ...]:
    """The labels of each row, sorted and joined by the separator; None where no column is filled.

    A column that holds nothing but 0 and 1 (true and false, yes and no) tells whether the row has the label that the
    column is named after; any other column holds names. A cell of separators alone, or an empty list, is a row that
    is known to have no label.

    Args:
        columns: Values of each label column (N,).
        separator: What parts names in a cell; None where cells hold one name each, or lists.
        name: Of the table, for messages.
        offset: Rows before these, for messages.

    Raises:
        InputError: A row fills some columns of 0 and 1 and not others, or a name holds the character that joins.

    Example:
        >>> joined_labels({"tags": ["b | a", "a", "", "|"]}, "|", "t", 0)
        ('a|b', 'a', None, '')
        >>> joined_labels({"red": [1, 0, None], "round": [1, 0, None]}, None, "t", 0)
        ('red|round', '', None)
    """
    join = separator or SEPARATOR
    flags = {column: _flags(values) for column, values in columns.items()}
    several = len(columns) > 1
    out: list[str | None] = []
    for row in range(len(next(iter(columns.values())))):
        found: set[str] = set()
        known = False
        missing = None
        for column, values in columns.items():
            yes = flags[column] if several else None
            if _empty(values[row]):
                missing = column if yes is not None else missing
                continue
            known = True
            found |= _names(values[row], column, yes, separator)
        where = f"{name}, row {offset + row + 1}"
        if known and missing is not None:
            raise InputError(f"{where}: column {missing!r} is empty and others are not; write 0 where a label is not")
        if separator is None and any(join in one for one in found):
            wrong = next(one for one in found if join in one)
            raise InputError(f"{where}: the label {wrong!r} holds {join!r}; say what parts labels with --separator")
        out.append(join.join(sorted(found)) if known else None)
    return tuple(out)


def _empty(value: Any) -> bool:
    return (
        value is None or (isinstance(value, float) and value != value) or (isinstance(value, str) and not value.strip())
    )


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _flags(values: Sequence[Any]) -> frozenset[str] | None:
    """The words that mean yes, where a column holds nothing but yes and no; None where it holds names."""
    words = {_word(value).lower() for value in values if not _empty(value) and not isinstance(value, (list, tuple))}
    lists = any(isinstance(value, (list, tuple)) for value in values)
    return YES if words and words <= YES | NO and not lists else None


def _names(value: Any, column: str, yes: frozenset[str] | None, separator: str | None) -> set[str]:
    if yes is not None:
        return {column} if _word(value).lower() in yes else set()
    if isinstance(value, (list, tuple)):
        return {_word(one) for one in value if not _empty(one)}
    parts = _word(value).split(separator) if separator else [_word(value)]
    return {part.strip() for part in parts if part.strip()}
