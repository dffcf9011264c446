"""Reliability diagram: does what is said with 80 % confidence come true 80 times in 100?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from modicum.workspace.report.charts.svg import Scale, drawing, short, tag
from modicum.workspace.report.wording import counted, percent

WIDTH, HEIGHT = 340.0, 372.0
X = Scale(0, 1, 40, 328)
Y = Scale(0, 1, 258, 26)
FLOOR, CEILING = 334.0, 278.0
"""Bottom and top of the strip of counts."""


def reliability(bins: Sequence[Mapping[str, float]], title: str) -> Markup:
    """Draw bins of `confidence`, `accuracy` (both 0..1) and `count`, at least one, over a strip of the counts."""
    most = max(1.0, *(float(b["count"]) for b in bins))
    body = [*_axes(), tag("text", title, class_="axis-name strong", x=40, y=14)]
    for b in bins:
        at, gap = (
            X(b["confidence"]),
            f"M{short(X(b['confidence']))} {short(Y(b['confidence']))}V{short(Y(b['accuracy']))}",
        )
        top = FLOOR - (FLOOR - CEILING) * b["count"] / most
        tip = f"{counted(b['count'], 'item')}: confidence {percent(b['confidence'])}, right {percent(b['accuracy'])}"
        body.append(
            tag(
                "g",
                tag("title", tip),
                tag("path", class_="gap", d=gap),
                tag("circle", class_="point", cx=at, cy=Y(b["accuracy"]), r=4.5),
                tag("rect", class_="bar", x=at - 6, y=top, width=12, height=FLOOR - top),
            )
        )
    line = "M" + "L".join(f"{short(X(b['confidence']))} {short(Y(b['accuracy']))}" for b in bins)
    body.insert(len(body) - len(bins), tag("path", class_="line", d=line))
    told = "; ".join(f"confidence {percent(b['confidence'])}, right {percent(b['accuracy'])}" for b in bins)
    return drawing(WIDTH, HEIGHT, f"Reliability, {title}", told, body, kind="reliability")


def _axes() -> list[Markup]:
    body = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(tag("line", class_="grid", x1=X.start, x2=X.end, y1=Y(value), y2=Y(value)))
        body.append(tag("text", f"{100 * value:g}", class_="tick end", x=X.start - 7, y=Y(value) + 4))
        body.append(tag("text", f"{100 * value:g}", class_="tick mid", x=X(value), y=FLOOR + 16))
    body.append(tag("line", class_="diagonal", x1=X(0), y1=Y(0), x2=X(1), y2=Y(1)))
    body.append(tag("line", class_="axis", x1=X.start, x2=X.end, y1=FLOOR, y2=FLOOR))
    body.append(tag("text", "right, %", class_="axis-name", x=X.start + 6, y=Y(1) + 15))
    body.append(tag("text", "items", class_="axis-name", x=X.start + 6, y=CEILING + 10))
    body.append(tag("text", "confidence, %", class_="axis-name end", x=X.end, y=HEIGHT - 4))
    return body
