"""The map of the feed as inline SVG: all papers as points, one of them and its neighbours, or keywords by colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modicum.serve.feed.readable import readable
from modicum.workspace.feed.keywords import Keyword, Keywords, PaperMap
from modicum.workspace.feed.library import Library, Paper

SIZE, EDGE = 1_000, 30
"""Units of the map's side, and of its margin."""
COLOURS = 10
"""Keywords that have a colour; all others share grey."""


@dataclass(frozen=True)
class Point:
    """A paper on the map."""

    number: int
    title: str
    x: int
    y: int


@dataclass(frozen=True)
class Around:
    """Where a paper lies: the map's points as a path, and those that are named."""

    path: str
    own: Point
    near: tuple[Point, ...]


@dataclass(frozen=True)
class Coloured:
    """The papers of a keyword on the map."""

    keyword: Keyword | None
    """None for what belongs to none of those with a colour."""
    points: tuple[Point, ...]


def around(places: PaperMap, paper: Paper, near: Sequence[Paper]) -> Around | None:
    """Where a paper lies; None where it is not on the map as yet."""
    found = places.places([paper.number, *(one.number for one in near)])
    if paper.number not in found:
        return None
    points = {one.number: _point(one, found[one.number]) for one in (paper, *near) if one.number in found}
    named = tuple(points[one.number] for one in near if one.number in points)
    return Around(_path(place[1:] for place in places.shape()), points[paper.number], named)


def drawn_map(places: PaperMap, keywords: Keywords, library: Library) -> list[Coloured]:
    """The map by keywords, those of most papers in colour; empty where it is not drawn as yet."""
    shape = {number: (x, y) for number, x, y in places.shape()}
    if not shape:
        return []
    papers = library.papers(list(shape))
    told = keywords.of([paper.number for paper in papers])
    first = {number: found[0].number for number, found in told.items()}
    coloured = [one for one in keywords.all() if one.number in first.values()][:COLOURS]
    group: dict[int, list[Point]] = {0: [], **{one.number: [] for one in coloured}}
    for paper in papers:
        own = group.get(first.get(paper.number, 0), group[0])
        own.append(_point(paper, shape[paper.number]))
    return [Coloured(one, tuple(group[one.number])) for one in coloured] + [Coloured(None, tuple(group[0]))]


def _point(paper: Paper, place: tuple[float, float]) -> Point:
    return Point(paper.number, readable(paper.title), *_scaled(*place))


def _scaled(x: float, y: float) -> tuple[int, int]:
    inner = SIZE - 2 * EDGE
    return round(EDGE + x * inner), round(EDGE + (1 - y) * inner)


def _path(places: Iterable[Sequence[float]]) -> str:
    """Points as one path of strokes without length, which round ends make visible: a tenth of what circles take."""
    return "".join("M{},{}h0".format(*_scaled(x, y)) for x, y in places)
