"""Items in two dimensions: near means similar. Classes differ by shape and colour, or by hue where they are many."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from markupsafe import Markup

from modicum.workspace.report.charts.labels import CHARACTER, LINE, Box
from modicum.workspace.report.charts.svg import Scale, drawing, short, tag
from modicum.workspace.report.wording import MISSING, cut

WIDTH, HEIGHT, MARGIN = 860.0, 600.0, 14.0
FEW = 12
"""Up to so many classes have a shape and a colour of their own."""
CAPTION = 24
"""Characters of a name written into the map."""
CHARACTERS = 100_000
"""Characters that the texts of all points may take together."""
SHAPES = (
    "m-{r} 0a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0-{d} 0",
    "m-{r}-{r}h{d}v{d}h-{d}z",
    "m0-{r} {r} {d}h-{d}z",
    "m0-{d} {d} {d}-{d} {d}-{d}-{d}z",
    "m-{r}-{r}h{d}l-{r} {d}z",
    "m-{d} 0h{d}v-{d}h1v{d}h{d}v1h-{d}v{d}h-1v-{d}h-{d}z",
)
"""Disc, square, triangle, diamond, triangle on its tip, cross; with `r` and its double `d`."""


def item_map(
    points: Sequence[Mapping[str, Any]], classes: Sequence[str], *, unlabelled: str = "predicted", named: bool = False
) -> Markup:
    """Draw points with `x`, `y`, `class` (index), `labelled`, `id` and `text`; at least one.

    Both axes have one scale. Labelled items are larger, outlined and on top. `unlabelled` says in their tips how the
    others came by their class; `named` writes classes in their midst, the largest first, where there is room.
    """
    x, y = _scales(points)
    length = max(50, min(200, CHARACTERS // len(points)))
    hues = {} if len(classes) <= FEW else class_hues(points)
    body = []
    for labelled in (False, True):
        groups: dict[int, list[Markup]] = {}
        for p in points:
            if bool(p.get("labelled")) == labelled:
                at = short(x(p["x"])), short(y(p["y"]))
                colour = hues.get(p["class"], p["class"])
                groups.setdefault(colour, []).append(
                    _mark(p, at, classes, length, how="label" if labelled else unlabelled, plain=bool(hues))
                )
        body.append(
            tag(
                "g",
                *(_group(c, marks, hue=bool(hues)) for c, marks in sorted(groups.items())),
                class_="labelled" if labelled else "unlabelled",
            )
        )
    if named:
        body += _captions(points, classes, x, y)
    known = sum(bool(p.get("labelled")) for p in points)
    told = f"{len(points)} items of {len(classes)} classes, {known} of them labelled."
    return drawing(WIDTH, HEIGHT, "Map of the items", told, body, kind="map")


def class_key(index: int) -> Markup:
    """The sign of one of few classes, for the legend."""
    sign = tag("path", d=f"M9 9{_shape(index, 5 if index % len(SHAPES) in (0, 1, 2, 4) else 3)}")
    return tag("svg", sign, class_=f"key k{index}", aria_hidden="true", viewBox="0 0 18 18", width=18, height=18)


def class_hues(points: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Hue in tens of degrees by the direction in which a class lies from the middle, so that neighbours look alike.

    Example:
        >>> class_hues([{"x": 1, "y": 0, "class": 0}, {"x": -1, "y": 0, "class": 1}])
        {0: 0, 1: 180}
    """
    middle = [sum(p[axis] for p in points) / len(points) for axis in ("x", "y")]
    sums: dict[int, list[float]] = {}
    for p in points:
        total = sums.setdefault(p["class"], [0.0, 0.0])
        total[0] += p["x"] - middle[0]
        total[1] += p["y"] - middle[1]
    return {k: round(math.degrees(math.atan2(dy, dx)) / 10) * 10 % 360 for k, (dx, dy) in sorted(sums.items())}


def _scales(points: Sequence[Mapping[str, Any]]) -> tuple[Scale, Scale]:
    """Scales of equal step for both axes, the points in the middle."""
    lows, highs = [min(p[a] for p in points) for a in "xy"], [max(p[a] for p in points) for a in "xy"]
    room = (WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)
    step = max((high - low) / size for low, high, size in zip(lows, highs, room, strict=True)) or 1.0
    (x, y), (half_x, half_y) = (
        [(low + high) / 2 for low, high in zip(lows, highs, strict=True)],
        (r * step / 2 for r in room),
    )
    return Scale(x - half_x, x + half_x, MARGIN, WIDTH - MARGIN), Scale(y - half_y, y + half_y, HEIGHT - MARGIN, MARGIN)


def _group(colour: int, marks: Sequence[Markup], *, hue: bool) -> Markup:
    return tag("g", *marks, class_="hue" if hue else f"k{colour}", style=f"--h:{colour}" if hue else None)


def _captions(points: Sequence[Mapping[str, Any]], classes: Sequence[str], x: Scale, y: Scale) -> list[Markup]:
    """Names at the medians of their points, the most frequent first; none over another or the edge."""
    places: dict[int, list[tuple[float, float]]] = {}
    for p in points:
        places.setdefault(p["class"], []).append((x(p["x"]), y(p["y"])))
    taken: list[Box] = []
    body = []
    for index, at in sorted(places.items(), key=lambda item: -len(item[1])):
        name = cut(_name(classes, index), CAPTION)
        wide = CHARACTER * len(name)
        box = Box(median(a for a, _ in at) - wide / 2, median(b for _, b in at) - LINE / 2, wide, LINE)
        if Box(0, 0, WIDTH, HEIGHT).holds(box) and not any(box.meets(other) for other in taken):
            taken.append(box)
            body.append(tag("text", name, class_="label mid", x=box.x + wide / 2, y=box.y + LINE - 4))
    return body


def _mark(
    p: Mapping[str, Any], at: tuple[str, str], classes: Sequence[str], length: int, *, how: str, plain: bool
) -> Markup:
    known = bool(p.get("labelled"))
    row = MISSING if p.get("id") is None else cut(p["id"], 16)
    tip = f"{_name(classes, p['class'])} ({how}), {row}: "
    title = tag("title", tip + cut(p.get("text") or "", length))
    if plain:
        return tag("circle", title, cx=at[0], cy=at[1], r="4.5" if known else "3")
    return tag("path", title, d=f"M{at[0]} {at[1]}{_shape(p['class'], _radius(p['class'], known))}")


def _radius(index: int, known: bool) -> int:
    small = index % len(SHAPES) in (3, 5)
    return (3 if small else 5) if known else (2 if small else 3)


def _shape(index: int, radius: int) -> str:
    return SHAPES[index % len(SHAPES)].format(r=radius, d=2 * radius)


def _name(classes: Sequence[str], index: int) -> str:
    return cut(classes[index], 30) if 0 <= index < len(classes) else MISSING
