"""How many items got a prediction set of which size."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from modicum.workspace.report.charts.svg import drawing, tag
from modicum.workspace.report.wording import count, counted, percent

WIDTH, HEIGHT = 340.0, 240.0
LEFT, RIGHT, TOP, FLOOR = 8.0, 332.0, 46.0, 200.0
MOST_BARS = 10


def histogram(sizes: Mapping[int, int], noun: tuple[str, str] = ("class", "classes")) -> Markup:
    """Draw counts by set size, at least one; what lies beyond ten sizes is gathered in the last bar."""
    bars = gather(sizes)
    total, most = max(1, sum(sizes.values())), max(1, *(number for _, number in bars))
    step = (RIGHT - LEFT) / max(len(bars), 4)
    body = [tag("text", "share of the items, %", class_="axis-name", x=LEFT, y=14)]
    for i, (label, number) in enumerate(bars):
        height = (FLOOR - TOP) * number / most
        middle = LEFT + step * (i + 0.5)
        share = number / total
        body.append(
            tag(
                "g",
                tag("title", f"{counted(number, 'item')} ({percent(share)}) with {_counted(label, noun)}"),
                tag("rect", class_="bar", x=middle - 0.36 * step, y=FLOOR - height, width=0.72 * step, height=height),
                tag(
                    "text",
                    "<1" if 0 < share < 0.005 else f"{100 * share:.0f}",
                    class_="tick mid",
                    x=middle,
                    y=FLOOR - height - 6,
                ),
            )
        )
        body.append(tag("text", label, class_="tick mid", x=middle, y=FLOOR + 17))
    body.append(tag("line", class_="axis", x1=LEFT, x2=RIGHT, y1=FLOOR, y2=FLOOR))
    body.append(tag("text", f"{noun[1]} in the set", class_="axis-name end", x=RIGHT, y=HEIGHT - 6))
    told = "; ".join(f"{_counted(label, noun)}: {count(number)}" for label, number in bars)
    return drawing(WIDTH, HEIGHT, "Sizes of the prediction sets", told, body, kind="histogram")


def gather(sizes: Mapping[int, int]) -> list[tuple[str, int]]:
    """Counts in the order of size, gaps filled, the tail in one bar.

    Example:
        >>> gather({1: 5, 3: 2})
        [('1', 5), ('2', 0), ('3', 2)]
    """
    low = min(sizes)
    last = low + MOST_BARS - 1
    if max(sizes) <= last:
        return [(str(size), sizes.get(size, 0)) for size in range(low, max(sizes) + 1)]
    head = [(str(size), sizes.get(size, 0)) for size in range(low, last)]
    return [*head, (f"{last}+", sum(number for size, number in sizes.items() if size >= last))]


def _counted(label: str, noun: tuple[str, str]) -> str:
    return f"1 {noun[0]}" if label == "1" else f"{label} {noun[1]}"
