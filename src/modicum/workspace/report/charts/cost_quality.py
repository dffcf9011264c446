"""What each recipe costs and how good it is: seconds to the right, cross-validated accuracy upwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modicum.workspace.report.charts.axes import accuracy_axis, accuracy_scale
from modicum.workspace.report.charts.labels import LINE, Box, place_labels
from modicum.workspace.report.charts.svg import Scale, drawing, log_ticks, short, tag
from modicum.workspace.report.wording import SPACE, counted, cut, percent, plus_minus, seconds

LEFT, RIGHT, TOP, BOTTOM = 46.0, 14.0, 30.0, 44.0
LABEL_LENGTH = 30


@dataclass(frozen=True)
class RecipePoint:
    """One recipe on the chart."""

    name: str
    seconds: float
    """Seconds to fit and measure it, above 0."""
    accuracy: float
    half_width: float | None = None
    """Half of the interval of the accuracy."""
    chosen: bool = False
    member: bool = False
    """Whether it has a share in what was shipped."""


def cost_quality(
    points: Sequence[RecipePoint], *, width: float = 860, height: float = 400, measure: str = "accuracy"
) -> Markup:
    """Draw the recipes, at least one, with error bars and the frontier of those that nothing cheaper reaches.

    The shipped one is a star, its members are diamonds, the others discs. Labels never overlap; one that finds no
    place is left to the tooltip and the table. Cost: O(n^2) for n recipes.
    """
    x = _cost_scale([p.seconds for p in points], LEFT + 12, width - RIGHT - 12)
    y = _quality_scale(points, height - BOTTOM, TOP)
    body = [*_axes(x, y, width, height, measure), _frontier(points, x, y)]
    body += [_interval(p, x, y) for p in points if p.half_width is not None]
    body += _labels(points, x, y, Box(LEFT + 4, TOP, width - RIGHT - LEFT - 4, height - BOTTOM - TOP))
    body += [_mark(p, x(p.seconds), y(p.accuracy)) for p in points]
    best = max(points, key=lambda p: p.accuracy)
    told = f"{counted(len(points), 'recipe')}. Best {measure}: {cut(best.name, 60)}, {percent(best.accuracy)}."
    shipped = next((p for p in points if p.chosen), None)
    if shipped:
        told += f" Shipped: {cut(shipped.name, 60)}, {percent(shipped.accuracy)} for {seconds(shipped.seconds)}."
    return drawing(width, height, f"Cost and {measure} of the recipes", told, body, kind="cost-quality")


def _cost_scale(costs: Sequence[float], start: float, end: float) -> Scale:
    low, high = min(costs), max(costs)
    pad = max((high / low) ** 0.06, 2.0 if high / low < 4 else 1.0)
    return Scale(low / pad, high * pad, start, end, log=True)


def _quality_scale(points: Sequence[RecipePoint], start: float, end: float) -> Scale:
    ends = [p.accuracy + side * (p.half_width or 0) for p in points for side in (-1, 1)]
    return accuracy_scale(ends, start, end)


def _axes(x: Scale, y: Scale, width: float, height: float, measure: str) -> list[Markup]:
    floor = height - BOTTOM
    body = accuracy_axis(y, LEFT, width - RIGHT, f"{measure} in cross-validation, %")
    edge = -100.0
    for value in log_ticks(x.low, x.high):
        body.append(tag("line", class_="axis", x1=x(value), x2=x(value), y1=floor, y2=floor + 5))
        if x(value) - edge > 58:
            body.append(
                tag("text", seconds(value).replace(f".0{SPACE}", SPACE), class_="tick mid", x=x(value), y=floor + 18)
            )
            edge = x(value)
    body.append(tag("line", class_="axis", x1=LEFT, x2=width - RIGHT, y1=floor, y2=floor))
    body.append(
        tag("text", "time to fit and measure, log scale", class_="axis-name end", x=width - RIGHT, y=height - 6)
    )
    return body


def _best(points: Sequence[RecipePoint]) -> list[RecipePoint]:
    """Recipes that are better than everything cheaper, cheapest first."""
    found: list[RecipePoint] = []
    for p in sorted(points, key=lambda p: (p.seconds, -p.accuracy)):
        if not found or p.accuracy > found[-1].accuracy:
            found.append(p)
    return found


def _frontier(points: Sequence[RecipePoint], x: Scale, y: Scale) -> Markup:
    first, *others = _best(points)
    steps = "".join(f"H{short(x(p.seconds))}V{short(y(p.accuracy))}" for p in others)
    return tag(
        "path", class_="frontier", d=f"M{short(x(first.seconds))} {short(y(first.accuracy))}{steps}H{short(x.end)}"
    )


def _interval(p: RecipePoint, x: Scale, y: Scale) -> Markup:
    half = p.half_width or 0.0
    at, low, high = x(p.seconds), y(max(p.accuracy - half, 0.0)), y(min(p.accuracy + half, 1.0))
    path = f"M{at - 4:.1f} {low:.1f}h8m-4 0V{high:.1f}m-4 0h8"
    return tag("path", class_="interval chosen" if p.chosen else "interval", d=path)


def _labels(points: Sequence[RecipePoint], x: Scale, y: Scale, bounds: Box) -> list[Markup]:
    names = [("shipped: " if p.chosen else "") + cut(p.name, LABEL_LENGTH) for p in points]
    centres = [(x(p.seconds), y(p.accuracy)) for p in points]
    bars = [
        Box(at - 4, y(p.accuracy + p.half_width), 8, y(p.accuracy - p.half_width) - y(p.accuracy + p.half_width))
        for p, (at, _) in zip(points, centres, strict=True)
        if p.half_width
    ]
    best = _best(points)
    ends = [*(x(p.seconds) for p in best[1:]), x.end]
    bars += [Box(x(p.seconds), y(p.accuracy) - 1, end - x(p.seconds), 2) for p, end in zip(best, ends, strict=True)]
    order = sorted(range(len(points)), key=lambda i: (not points[i].chosen, -points[i].accuracy))
    placed = place_labels([names[i] for i in order], [centres[i] for i in order], bounds, bars)
    body = []
    for i, box in zip(order, placed, strict=True):
        if box is None:
            continue
        at, level = centres[i]
        middle = box.y + LINE / 2
        if abs(middle - level) > LINE / 2:
            near = min(max(at, box.x), box.x + box.width)
            middle = min(max(level, box.y), box.y + LINE)
            body.append(tag("line", class_="leader", x1=at, y1=level, x2=near, y2=middle))
        side, edge = ("", box.x) if box.x > at else (" end", box.x + box.width)
        if box.x < at < box.x + box.width:
            side, edge = " mid", box.x + box.width / 2
        kind = "label chosen" if points[i].chosen else "label"
        body.append(tag("text", names[i], class_=kind + side, x=edge, y=box.y + LINE - 4))
    return body


def _mark(p: RecipePoint, x: float, y: float) -> Markup:
    role = "shipped, " if p.chosen else "part of what was shipped, " if p.member else ""
    tip = f"{cut(p.name, 60)}: {role}{plus_minus(p.accuracy, p.half_width)} in {seconds(p.seconds)}"
    if p.chosen:
        star = "m0-10 2.9 6.9 7.4.6-5.6 4.9 1.7 7.2-6.4-3.9-6.4 3.9 1.7-7.2-5.6-4.9 7.4-.6z"
        shape = tag("path", class_="point chosen", d=f"M{x:.1f} {y:.1f}{star}")
    elif p.member:
        shape = tag("path", class_="point member", d=f"M{x:.1f} {y:.1f}m0-7 7 7-7 7-7-7z")
    else:
        shape = tag("circle", class_="point", cx=x, cy=y, r=5)
    return tag("g", tag("title", tip), shape)
