"""One class before and after: its share among the labels, and among the unlabelled rows."""

from __future__ import annotations

from markupsafe import Markup

from modicum.workspace.report.charts.svg import Scale, tag

WIDTH, HEIGHT = 200.0, 18.0


def dumbbell(labelled: float, estimated: float, top: float) -> Markup:
    """Draw two shares on a scale from 0 to `top`: a ring for the labels, a disc for the estimate.

    It stands in a table row beside the two numbers, so it is hidden from screen readers.
    """
    x = Scale(0, top, 8, WIDTH - 8)
    return tag(
        "svg",
        tag("line", class_="grid", x1=8, x2=WIDTH - 8, y1=9, y2=9),
        tag("line", class_="rod", x1=x(labelled), x2=x(estimated), y1=9, y2=9),
        tag("circle", class_="ring", cx=x(labelled), cy=9, r=5),
        tag("circle", class_="disc", cx=x(estimated), cy=9, r=5),
        class_="dumbbell",
        aria_hidden="true",
        viewBox="0 0 200 18",
        width=WIDTH,
        height=HEIGHT,
    )
