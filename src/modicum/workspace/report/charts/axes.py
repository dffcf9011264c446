"""The upright axis that charts of accuracy share."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from modicum.workspace.report.charts.svg import Scale, tag, ticks


def accuracy_scale(values: Sequence[float], floor: float, ceiling: float) -> Scale:
    """Place accuracies, at least one, between `floor` and `ceiling` with some air, but not far beyond 0 and 1.

    Example:
        >>> accuracy_scale([0.5, 1.0], 300, 0)
        Scale(low=0.47, high=1.01, start=300, end=0, log=False)
    """
    low, high = min(values), max(values)
    pad = max(0.06 * (high - low), 0.01)
    return Scale(max(low - pad, -0.01), min(high + pad, 1.01), floor, ceiling)


def accuracy_axis(y: Scale, left: float, right: float, name: str) -> list[Markup]:
    """Draw lines across the chart at round percentages, their figures to the left, and the name of the axis."""
    body = []
    for value in ticks(y.low, y.high):
        body.append(tag("line", class_="grid", x1=left, x2=right, y1=y(value), y2=y(value)))
        body.append(tag("text", f"{100 * value:g}", class_="tick end", x=left - 7, y=y(value) + 4))
    body.append(tag("text", name, class_="axis-name", x=4, y=14))
    return body
