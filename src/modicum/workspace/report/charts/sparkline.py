"""A few values in a row of a table: how one share went over time."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from modicum.workspace.report.charts.svg import Scale, short, tag

WIDTH, HEIGHT = 200.0, 24.0


def sparkline(values: Sequence[float], top: float) -> Markup:
    """Draw at least one value on a scale from 0 to `top`, the last one marked.

    It stands beside its figures in a table row, so it is hidden from screen readers.
    """
    x, y = Scale(0, max(len(values) - 1, 1), 4, WIDTH - 6), Scale(0, top or 1.0, HEIGHT - 3, 4)
    path = "L".join(f"{short(x(place))} {short(y(value))}" for place, value in enumerate(values))
    return tag(
        "svg",
        tag("line", class_="grid", x1=x.start, x2=x.end, y1=y.start, y2=y.start),
        tag("path", class_="line", d=f"M{path}"),
        tag("circle", class_="disc", cx=x(len(values) - 1), cy=y(values[-1]), r=2.5),
        class_="sparkline",
        aria_hidden="true",
        viewBox=f"0 0 {short(WIDTH)} {short(HEIGHT)}",
        width=WIDTH,
        height=HEIGHT,
    )
