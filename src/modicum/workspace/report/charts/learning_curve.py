"""The learning curve: labels to the right, accuracy upwards; what was measured, and what more labels should bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modicum.workspace.report.charts.axes import accuracy_axis, accuracy_scale
from modicum.workspace.report.charts.svg import Scale, drawing, short, tag, ticks
from modicum.workspace.report.wording import count, counted, percent, percent_range, plus_minus

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 46.0, 44.0
TICK_WIDTH = 50.0
"""Room that the figure under a tick needs."""


@dataclass(frozen=True)
class Measured:
    """Accuracy that was measured with so many labels."""

    labels: float
    accuracy: float
    half_width: float | None = None
    """Half of the interval of the accuracy."""

    @property
    def ends(self) -> tuple[float, float]:
        """Lower and upper end of the interval, inside 0..1."""
        half = self.half_width or 0.0
        return max(self.accuracy - half, 0.0), min(self.accuracy + half, 1.0)


@dataclass(frozen=True)
class Expected:
    """Accuracy to be expected with so many labels, and the band around it."""

    labels: float
    accuracy: float
    low: float
    high: float


def learning_curve(
    measured: Sequence[Measured],
    expected: Sequence[Expected],
    now: float | None = None,
    *,
    width: float = 860,
    height: float = 340,
) -> Markup:
    """Draw measured points with intervals, and the forecast as a dashed line in its band; at least one of either.

    Both are sorted by labels; they are not joined, for they may be of different recipes. `now` is the number of labels
    at hand. Cost: O(points).
    """
    labels = [p.labels for p in measured] + [p.labels for p in expected]
    x = _label_scale([*labels, now] if now is not None else labels, width)
    ends = [end for p in measured for end in p.ends] + [end for p in expected for end in (p.low, p.accuracy, p.high)]
    y = accuracy_scale(ends, height - BOTTOM, TOP)
    body = [*_axes(x, y, width, height), *_forecast(expected, x, y), *_now(now, x, y)]
    body += [_interval(p, x, y) for p in measured if p.half_width is not None]
    if len(measured) > 1:
        body.append(tag("path", class_="line", d=_path([(p.labels, p.accuracy) for p in measured], x, y)))
    body += [_expected_mark(p, x, y) for p in expected] + [_measured_mark(p, x, y) for p in measured]
    return drawing(width, height, "Learning curve", _told(measured, expected), body, kind="learning-curve")


def _label_scale(labels: Sequence[float], width: float) -> Scale:
    low, high = min(labels), max(labels)
    pad = 0.04 * (high - low) or 1.0
    return Scale(low - pad, high + pad, LEFT, width - RIGHT)


def _axes(x: Scale, y: Scale, width: float, height: float) -> list[Markup]:
    floor = height - BOTTOM
    body = accuracy_axis(y, LEFT, width - RIGHT, "accuracy, %")
    for value in ticks(x.low, x.high, most=max(2, int((width - LEFT - RIGHT) / TICK_WIDTH))):
        if value >= 0 and value == round(value):
            body.append(tag("line", class_="axis", x1=x(value), x2=x(value), y1=floor, y2=floor + 5))
            body.append(tag("text", count(value), class_="tick mid", x=x(value), y=floor + 18))
    body.append(tag("line", class_="axis", x1=LEFT, x2=width - RIGHT, y1=floor, y2=floor))
    body.append(tag("text", "labels", class_="axis-name end", x=width - RIGHT, y=height - 6))
    return body


def _forecast(expected: Sequence[Expected], x: Scale, y: Scale) -> list[Markup]:
    if not expected:
        return []
    band = [(p.labels, p.high) for p in expected] + [(p.labels, p.low) for p in reversed(expected)]
    return [
        tag("path", class_="band", d=_path(band, x, y) + "Z"),
        tag("path", class_="expected", d=_path([(p.labels, p.accuracy) for p in expected], x, y)),
    ]


def _now(now: float | None, x: Scale, y: Scale) -> list[Markup]:
    if now is None:
        return []
    side = "" if x(now) < (x.start + x.end) / 2 else " end"
    return [
        tag("line", class_="now", x1=x(now), x2=x(now), y1=TOP - 12, y2=y.start),
        tag("text", f"now: {counted(now, 'label')}", class_="label" + side, x=x(now) + (-6 if side else 6), y=TOP - 5),
    ]


def _interval(p: Measured, x: Scale, y: Scale) -> Markup:
    low, high = p.ends
    path = f"M{x(p.labels) - 4:.1f} {y(low):.1f}h8m-4 0V{y(high):.1f}m-4 0h8"
    return tag("path", class_="interval", d=path)


def _measured_mark(p: Measured, x: Scale, y: Scale) -> Markup:
    tip = f"{counted(p.labels, 'label')}: {plus_minus(p.accuracy, p.half_width)}, measured"
    return tag("g", tag("title", tip), tag("circle", class_="point", cx=x(p.labels), cy=y(p.accuracy), r=5))


def _expected_mark(p: Expected, x: Scale, y: Scale) -> Markup:
    tip = f"{counted(p.labels, 'label')}: {percent(p.accuracy)} to be expected, {percent_range(p.low, p.high)}"
    return tag("g", tag("title", tip), tag("circle", class_="ring", cx=x(p.labels), cy=y(p.accuracy), r=4))


def _path(places: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    return "M" + "L".join(f"{short(x(labels))} {short(y(accuracy))}" for labels, accuracy in places)


def _told(measured: Sequence[Measured], expected: Sequence[Expected]) -> str:
    told = [f"{counted(p.labels, 'label')}: {plus_minus(p.accuracy, p.half_width)}" for p in measured]
    told += [f"{counted(p.labels, 'label')}: expected {percent_range(p.low, p.high)}" for p in expected]
    return "; ".join(told)
