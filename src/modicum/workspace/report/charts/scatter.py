"""Predicted against true numbers of held-out rows, with the band that the intervals promise."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from modicum.workspace.report.charts.svg import Scale, drawing, short, tag, ticks
from modicum.workspace.report.wording import SPACE, counted, cut, significant

LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 30.0, 44.0
CHARACTERS = 100
LONGEST = 10
"""Characters of a tick from which on all get an exponent."""
DIGIT = 6.7
"""Width of a digit."""


def scatter(
    points: Sequence[Mapping[str, Any]],
    band: tuple[float, float] | None = None,
    *,
    width: float = 860,
    height: float = 520,
) -> Markup:
    """Draw points with `true`, `predicted`, `id` and `text`, at least one; both axes have one range.

    `band` is what an interval adds to a prediction below and above; true numbers inside it are where they should be.
    """
    values = [float(p[key]) for p in points for key in ("true", "predicted")]
    low, high = min(values), max(values)
    pad = 0.04 * (high - low) or max(abs(high), 1.0) * 0.1
    low, high = low - pad, high + pad
    marked = ticks(low, high, 5 if width > 500 else 4)
    named = dict(zip(marked, tick_names(marked), strict=True))
    left = max(LEFT, 10 + DIGIT * max(map(len, named.values()), default=0))
    x, y = Scale(low, high, left, width - RIGHT), Scale(low, high, height - BOTTOM, TOP)
    body = _axes(x, y, named, height)
    if band is not None:
        body.append(_band(x, y, band))
    body.append(tag("line", class_="diagonal", x1=x(low), y1=y(low), x2=x(high), y2=y(high)))
    for p in points:
        tip = f"{p.get('id')}: predicted {significant(p['predicted'], 3)}, true {significant(p['true'], 3)}: "
        tip += cut(p.get("text") or "", CHARACTERS)
        body.append(
            tag("g", tag("title", tip), tag("circle", class_="point", cx=x(p["predicted"]), cy=y(p["true"]), r=3.5))
        )
    told = f"{counted(len(points), 'held-out row')}; on the diagonal the predicted number is the true one."
    return drawing(width, height, "Predicted and true numbers", told, body, kind="scatter")


def tick_names(values: Sequence[float]) -> list[str]:
    """Ticks of one axis, all with the digits that tell them apart, and with an exponent where they are long.

    Example:
        >>> [name.replace(SPACE, " ") for name in tick_names([1000.0, 1000.5, 1001.0])]
        ['1 000.0', '1 000.5', '1 001.0']
        >>> tick_names([0.0, 5e10, 1e11])
        ['0', '5e10', '1e11']
    """
    places = next(p for p in itertools.count() if all(round(value, p) == value for value in values))
    told = [f"{value:,.{places}f}" for value in values]
    if max(map(len, told), default=0) > LONGEST:
        digits = next(d for d in itertools.count() if all(float(f"{value:.{d}e}") == value for value in values))
        parts = [f"{value:.{digits}e}".split("e") for value in values]
        told = [f"{mantissa}e{int(power)}" if float(mantissa) else "0" for mantissa, power in parts]
    return [name.replace(",", SPACE).replace("-", "−") for name in told]


def _axes(x: Scale, y: Scale, named: Mapping[float, str], height: float) -> list[Markup]:
    body = []
    for value, name in named.items():
        body.append(tag("line", class_="grid", x1=x.start, x2=x.end, y1=y(value), y2=y(value)))
        body.append(tag("text", name, class_="tick end", x=x.start - 7, y=y(value) + 4))
        body.append(tag("text", name, class_="tick mid", x=x(value), y=y.start + 18))
    body.append(tag("line", class_="axis", x1=x.start, x2=x.end, y1=y.start, y2=y.start))
    body.append(tag("text", "true", class_="axis-name", x=4, y=14))
    body.append(tag("text", "predicted", class_="axis-name end", x=x.end, y=height - 6))
    return body


def _band(x: Scale, y: Scale, band: tuple[float, float]) -> Markup:
    """The true numbers that an interval around each prediction holds, cut at the edges of the chart."""

    def edge(offset: float) -> list[tuple[float, float]]:
        ends = [x.low, x.high, y.low - offset, y.high - offset]
        at = sorted(min(max(end, x.low), x.high) for end in ends)
        return [(x(v), y(min(max(v + offset, y.low), y.high))) for v in at]

    path = [*edge(band[0]), *reversed(edge(band[1]))]
    return tag("path", class_="band", d="M" + "L".join(f"{short(a)} {short(b)}" for a, b in path) + "z")
