"""Reading a report whose keys may be absent or null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modicum.workspace.report.wording import number

Entry = Mapping[str, Any]
NORMAL_95 = 1.96


def part(report: Entry, key: str) -> Entry:
    """A section of the report; empty where it is absent or null."""
    return report.get(key) or {}


def rows(report: Entry, key: str) -> Sequence[Entry]:
    """A list of the report; empty where it is absent or null."""
    return report.get(key) or ()


def total(report: Entry, key: str) -> int:
    """How many were found of what a list holds the first of; in reports that do not tell it, how many the list holds.

    Example:
        >>> total({"conflicts": [{}], "totals": {"conflicts": 300}}, "conflicts"), total({}, "conflicts")
        (300, 0)
    """
    return int(number(part(report, "totals").get(key)) or len(rows(report, key)))


def figures(entry: Entry, *keys: str) -> tuple[float, ...] | None:
    """The numbers under these keys; None where one of them is none."""
    found = tuple(value for key in keys if (value := number(entry.get(key))) is not None)
    return found if len(found) == len(keys) else None


def interval(entry: Entry, key: str = "cv_se") -> float | None:
    """Half of the 95 % interval that belongs to a standard error."""
    error = number(entry.get(key))
    return None if error is None else NORMAL_95 * error
