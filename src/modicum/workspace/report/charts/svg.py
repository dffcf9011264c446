"""What all charts are made of: escaped elements, scales and ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

Attribute = str | float | None


def tag(name: str, *children: str, **attributes: Attribute) -> Markup:
    """Return an element. Children that are no markup and all attributes are escaped; None drops an attribute.

    Example:
        >>> tag("text", "a < b", x=1.25, class_="tick")
        Markup('<text x="1.2" class="tick">a &lt; b</text>')
    """
    told = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value if isinstance(value, str) else short(value))
        for key, value in attributes.items()
        if value is not None
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, told, Markup("").join(children))


def short(value: float) -> str:
    """Write a coordinate with at most one decimal.

    Example:
        >>> short(12.04), short(3.26), short(-0.01)
        ('12', '3.3', '0')
    """
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 1e5 else f"{value:.0f}"


def drawing(width: float, height: float, title: str, description: str, body: Iterable[str], *, kind: str) -> Markup:
    """Return a whole chart with its name and what it shows in words."""
    return tag(
        "svg",
        tag("title", title),
        tag("desc", description),
        *body,
        role="img",
        class_=kind,
        viewBox=f"0 0 {short(width)} {short(height)}",
        width=width,
        height=height,
    )


@dataclass(frozen=True)
class Scale:
    """Maps `low`..`high` to `start`..`end`, evenly or by logarithm; `low` below `high`, both above 0 for the latter.

    Example:
        >>> Scale(1, 100, 0, 200, log=True)(10)
        100.0
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Place a value."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return self.start + (self.end - self.start) * (value - low) / (high - low)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between `low` and `high`, at most `most` of them.

    Example:
        >>> ticks(0.62, 0.91)
        [0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    """
    exponent = math.floor(math.log10((high - low) / most))
    for step in (s * 10.0**exponent for s in (1, 2, 5, 10, 20)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [round(i * step, -exponent) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between `low` and `high`; where they are under three, their multiples too.

    Example:
        >>> log_ticks(0.02, 30), log_ticks(2, 30)
        ([0.1, 1.0, 10.0], [2.0, 5.0, 10.0, 20.0])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1,), (1, 2, 5), range(1, 10)):
        found = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
        if len(found) >= 3:
            return [float(f"{value:.3g}") for value in found]
    return [float(f"{value:.3g}") for value in found]
