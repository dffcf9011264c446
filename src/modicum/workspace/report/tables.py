"""Rows of the page's tables, in the order in which they are first shown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from modicum.workspace.report.charts import dumbbell
from modicum.workspace.report.parts import Entry, part, rows
from modicum.workspace.report.wording import SPACE, number

MOST_ROWS = 200
"""Rows of a table of items."""
MOST_CLASSES = 20
"""Classes in the table of shares; longer tables of classes scroll and can be filtered."""
FROM_NAMES = 0
"""The rung that looks at no label."""


def prices(tried: Sequence[Entry], data: Entry) -> list[dict[str, Any]]:
    """What each recipe takes and gives: labels, seconds, milliseconds per item, megabytes, accuracy."""
    return [
        {
            "entry": entry,
            "labels": 0 if entry.get("rung") == FROM_NAMES else number(data.get("labelled")),
            "milliseconds": number(entry.get("seconds_per_1000_items")),
        }
        for entry in tried
    ]


def by_weakness(per_class: Sequence[Entry]) -> list[Entry]:
    """Classes, the weakest first, unmeasured ones last."""
    found = [(number(row.get("f1")), row) for row in per_class]
    return [row for _, row in sorted(found, key=lambda pair: (pair[0] is None, pair[0] or 0.0))]


def shares(shift: Entry) -> list[dict[str, Any]]:
    """Classes whose share differs most, with their dumbbells."""
    labelled, estimated = part(shift, "labelled"), part(shift, "estimated")
    found = [
        (name, number(labelled.get(name)) or 0.0, number(estimated.get(name)) or 0.0)
        for name in dict.fromkeys([*labelled, *estimated])
    ]
    found = sorted(found, key=lambda row: -abs(row[2] - row[1]))[:MOST_CLASSES]
    top = max((max(a, b) for _, a, b in found), default=0.0) or 1.0
    digits = 1 if top >= 0.05 else 2
    return [
        {
            "name": name,
            "labelled": a,
            "estimated": b,
            "digits": digits,
            "change": b - a,
            "points": f"{100 * (b - a):+.{digits}f}{SPACE}points".replace("-", "−"),
            "chart": dumbbell(a, b, top),
        }
        for name, a, b in found
    ]


def conflicts(report: Entry) -> list[dict[str, Any]]:
    """One row per text of each group, whole groups up to the most rows; the first group is cut where it is longer."""
    out: list[dict[str, Any]] = []
    for group, told in enumerate(rows(report, "conflicts"), start=1):
        lists = zip(told.get("ids") or (), told.get("texts") or (), told.get("labels") or (), strict=False)
        members = [{"group": group, "id": i, "text": text, "label": label} for i, text, label in lists]
        if out and len(out) + len(members) > MOST_ROWS:
            break
        out += members[:MOST_ROWS]
    return out


def label_counts(data: Entry) -> dict[str, Any]:
    """How the labels are spread over the classes."""
    found = {name: number(items) or 0.0 for name, items in part(data, "class_counts").items()}
    if not found:
        return {}
    return {
        "least": min(found.values()),
        "middle": median(found.values()),
        "most": max(found.values()),
        "empty": [name for name, items in found.items() if not items],
        "rows": sorted(found.items(), key=lambda row: -row[1]),
    }
