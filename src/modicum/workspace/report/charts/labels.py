"""Where to write names beside points so that no two overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LINE = 16.0
"""Height of a label."""
CHARACTER = 6.7
"""Width of a character, on the generous side: fonts differ between machines."""
REACH = 9
"""Lines a label may move up or down."""
CROSSING = 1.3
"""Lines a label moves rather than cross one bar."""


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Box) -> bool:
        """Whether the two share an area."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.x + other.width <= self.x + self.width
            and other.y + other.height <= self.y + self.height
        )


def place_labels(
    names: Sequence[str], points: Sequence[tuple[float, float]], bounds: Box, bars: Sequence[Box] = ()
) -> list[Box | None]:
    """Find a box for each name near its point, inside `bounds`; None where there is no room.

    Boxes overlap neither each other nor a point, and cross few of the `bars`. Earlier names choose first.
    Cost: O(n^2) for n names.

    Example:
        >>> place_labels(["a"], [(50, 50)], Box(0, 0, 100, 100))
        [Box(x=61, y=42.0, width=6.7, height=16.0)]
    """
    marks = [Box(x - 8, y - 8, 16, 16) for x, y in points]
    placed: list[Box | None] = []
    for name, point in zip(names, points, strict=True):
        taken = [*marks, *(box for box in placed if box)]
        free = [
            (moved + CROSSING * sum(box.meets(bar) for bar in bars), box)
            for moved, box in _places(CHARACTER * len(name), point)
            if bounds.holds(box) and not any(box.meets(other) for other in taken)
        ]
        placed.append(min(free, key=lambda place: place[0])[1] if free else None)
    return placed


def _places(width: float, point: tuple[float, float]) -> Iterator[tuple[float, Box]]:
    """Boxes beside a point and how far they are moved: right, left, then further and further up and down."""
    x, y = point
    for step in range(REACH + 1):
        for shift in (-step, step) if step else (0,):
            top = y - LINE / 2 + shift * LINE
            yield step, Box(x + 11, top, width, LINE)
            yield step, Box(x - 11 - width, top, width, LINE)
            if step:
                yield step, Box(x - width / 2, top, width, LINE)
