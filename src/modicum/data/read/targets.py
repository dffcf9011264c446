"""What is to be learnt, when it is not one class a row: indicator matrices of labels, and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError
from modicum.core.records import LabelSpace, Table
from modicum.core.texts import counted, normal_form
from modicum.data.read.classes import check_declared

SIGNS = "|;,"
"""What joins labels in a cell, as people write them."""
MANY = 12
"""Distinct numbers in a label column from which on it may be no column of classes."""
NO_LABEL = frozenset({"nan", "NaN", "NAN", "None", "null", "NULL", "NaT", "NA", "<NA>", "N/A", "n/a", "#N/A"})
"""What programs write into a cell where there is nothing; `none` in small letters is a class of many tables."""


def label_matrix(table: Table, declared: LabelSpace | None) -> tuple[LabelSpace, NDArray[np.uint8], NDArray[np.bool_]]:
    """Labels of a table whose rows may have several.

    Args:
        table: Read with a separator, or from several label columns.
        declared: Declared labels; default those seen, sorted.

    Returns:
        The label space, the indicator matrix (N, K), and the mask (N,) of rows whose labels are known.

    Raises:
        InputError: There is no label, a label is not declared, two undeclared ones differ only by case or blanks, or
            what is declared is no `LabelSpace`.

    Example:
        >>> table = Table(("0", "1"), ("x", "y"), ("b|a", None), separator="|")
        >>> space, Y, labelled = label_matrix(table, None)
        >>> space.names, Y.tolist(), labelled.tolist()
        (('a', 'b'), [[1, 1], [0, 0]], [True, False])
    """
    found = parted(table.labels, table.separator)
    seen: dict[str, int] = {}
    for row, names in enumerate(found):
        for name in names or ():
            seen.setdefault(name, row)
    space = LabelSpace(tuple(sorted(seen))) if declared is None else check_declared(declared)
    if not space.names:
        raise InputError(
            f"{table.source} holds no label at all and no labels are declared; label a few rows "
            "(modicum label), name another column (--label COL) or declare the labels (--classes FILE)"
        )
    foreign = next((name for name in seen if name not in space.index), None)
    if foreign is not None:
        raise InputError(
            f"{table.source}, row {seen[foreign] + 1}: the label {foreign!r} is not in the class file"
            f"{nearest_name(foreign, space.names)}"
        )
    if declared is None:
        _refuse_variants(table.source, seen)
    return space, indicators(found, space), np.array([names is not None for names in found], dtype=bool)


def parted(labels: Sequence[str | None], separator: str | None) -> list[tuple[str, ...] | None]:
    """Names in each joined label; None where there is no label, empty where it is known that there is none."""
    return [None if one is None else tuple(p for p in one.split(separator or "|") if p) for one in labels]


def indicators(found: Sequence[tuple[str, ...] | None], space: LabelSpace) -> NDArray[np.uint8]:
    """Indicator matrix (N, K) of names that are all in the space; rows of None are 0."""
    out = np.zeros((len(found), len(space)), dtype=np.uint8)
    for row, names in enumerate(found):
        out[row, [space.index[name] for name in names or ()]] = 1
    return out


def _refuse_variants(source: str, seen: dict[str, int]) -> None:
    forms: dict[str, str] = {}
    for label in seen:
        other = forms.setdefault(normal_form(label), label)
        if other != label:
            raise InputError(
                f"{source}: the labels {other!r} (row {seen[other] + 1}) and {label!r} (row {seen[label] + 1}) differ "
                "only by case or blanks; write them alike, or declare both (--classes FILE)"
            )


def number_column(table: Table) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Target numbers (N,) of a table, 0 where there is none, and the mask (N,) of rows that have one.

    Raises:
        InputError: A label is no number, there is none, or all are the same.

    Example:
        >>> values, known = number_column(Table(("0", "1", "2"), ("x", "y", "z"), ("1.5", None, "-2e3")))
        >>> values.tolist(), known.tolist()
        ([1.5, 0.0, -2000.0], [True, False, True])
    """
    known = table.labelled
    values = np.zeros(len(table))
    for row in np.flatnonzero(known).tolist():
        values[row] = _number(str(table.labels[row]), table, row)
    column = f"column {table.label_column!r} of " if table.label_column else ""
    if not known.any():
        raise InputError(f"{column}{table.source} holds no number at all; fill in a few rows (--label COL)")
    if np.ptp(values[known]) == 0:
        raise InputError(f"{column}{table.source} holds the same number in every row; name another column with --label")
    return values, known


def _number(text: str, table: Table, row: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(
            f"{table.source}, row {row + 1}: column {table.label_column or 'of labels'!r} holds {text!r}, which is no "
            "number; write it like 12.5, or leave it empty where it is unknown"
        )
    return value


def several_hint(table: Table) -> str | None:
    """A sentence on how to ask for several labels a row, where labels look joined; None where they look like classes.

    They look joined where some hold a sign that parts them into fewer names than there are labels.

    Example:
        >>> ids = tuple("012345")
        >>> several_hint(Table(ids, ids, ("a|b", "a", "b", "a|c", "b|c", None), label_column="tags"))
        "labels of column 'tags' such as 'a|b' are taken for classes; for several labels a row give --separator '|'"
        >>> several_hint(Table(ids, ids, ("yes, now", "no", "never", None, "yes, now", "no"))) is None
        True
    """
    seen = sorted({label for label in table.labels if label})
    for sign in SIGNS:
        joined = [label for label in seen if sign in label]
        names = {name.strip() for label in seen for name in label.split(sign)}
        if len(joined) > 1 and len(names) < len(seen):
            return (
                f"labels of {_column(table)} such as {joined[0]!r} are taken for classes; for several labels a row "
                f"give --separator {sign!r}"
            )
    return None


def no_label_hint(table: Table) -> str | None:
    """A sentence on a class that programs write where there is no label; None where there is none.

    Example:
        >>> ids = tuple("0123")
        >>> no_label_hint(Table(ids, ids, ("a", "nan", "b", "nan"), label_column="kind"))
        "'nan', the label of 2 rows in column 'kind', is taken for a class; leave cells without a label empty"
        >>> no_label_hint(Table(ids, ids, ("a", None, "b", "nanny"))) is None
        True
    """
    counts = Counter(label for label in table.labels if label in NO_LABEL)
    if not counts:
        return None
    (label, count), *_ = counts.most_common()
    return (
        f"{label!r}, the label of {counted(count, 'row')} in {_column(table)}, is taken for a class; leave cells "
        "without a label empty"
    )


def numeric_hint(table: Table) -> str | None:
    """A sentence on how to ask for a numeric target, where the labels look like one; None where they look like classes.

    They do where there are many distinct numbers that are not simply consecutive integers, and either some are no
    integers or most occur once.

    Example:
        >>> texts = tuple(map(str, range(20)))
        >>> prices = tuple(f"{n}.5" for n in range(20))
        >>> numeric_hint(Table(texts, texts, prices, label_column="price"))
        "the 20 distinct numbers of column 'price' are taken for classes; for a numeric target give --target number"
        >>> numeric_hint(Table(texts, texts, texts)) is None
        True
    """
    given = [label for label in table.labels if label is not None]
    seen = sorted(set(given))
    if len(seen) < MANY:
        return None
    try:
        values = np.sort(np.array([float(label) for label in seen]))
    except ValueError:
        return None
    if not np.isfinite(values).all():
        return None
    whole = bool((values == np.round(values)).all())
    if whole and (np.ptp(values) == len(values) - 1 or len(values) <= len(given) / 2):
        return None
    return (
        f"the {len(seen)} distinct numbers of {_column(table)} are taken for classes; for a numeric target give "
        "--target number"
    )


def _column(table: Table) -> str:
    return f"column {table.label_column!r}" if table.label_column else "the labels"
