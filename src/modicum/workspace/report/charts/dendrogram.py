"""A tree of groups that can be cut anywhere: like groups meet early, unlike ones late."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from modicum.workspace.report.charts.labels import CHARACTER
from modicum.workspace.report.charts.svg import Scale, drawing, short, tag
from modicum.workspace.report.wording import counted, cut

ROW, TOP = 18.0, 26.0
CHARACTERS = 44


def dendrogram(
    names: Sequence[str], sizes: Sequence[int], merges: Sequence[Sequence[float]], *, width: float = 860
) -> Markup:
    """Draw the tree of two leaves or more, names to the left and the root to the right.

    Args:
        names: Name of each of K leaves.
        sizes: Rows of each leaf.
        merges: K - 1 merges as scipy's linkage has them, lowest first: two groups, height, size.
        width: Width of the drawing; names take at most half of it.
    """
    length = min(CHARACTERS, int(0.5 * width / CHARACTER))
    left = CHARACTER * min(length, max(map(len, names))) + 14
    order = _leaf_order(len(names), merges)
    x = Scale(0, max(merge[2] for merge in merges) or 1.0, left, width - 8)
    at = {leaf: (left, TOP + ROW * (place + 0.5)) for place, leaf in enumerate(order)}
    held = dict(enumerate(sizes))
    body = [tag("text", "merged early", class_="axis-name", x=left, y=14)]
    body.append(tag("text", "merged late", class_="axis-name end", x=width - 8, y=14))
    for step, (a, b, height, _) in enumerate(merges, start=len(names)):
        ends, turn = (at[int(a)], at[int(b)]), x(height)
        held[step] = held[int(a)] + held[int(b)]
        at[step] = turn, (ends[0][1] + ends[1][1]) / 2
        (xa, ya), (xb, yb) = ends
        path = f"M{short(xa)} {short(ya)}H{short(turn)}V{short(yb)}H{short(xb)}"
        tip = (
            f"{counted(held[step], 'row')}; cut to its right and they are one group of "
            f"{2 * len(names) - 1 - step} or fewer"
        )
        body.append(tag("g", tag("title", tip), tag("path", class_="branch", d=path)))
    for leaf in order:
        y = at[leaf][1] + 4
        body.append(tag("text", cut(names[leaf], length), class_="tick end", x=left - 6, y=y))
    told = f"{len(names)} groups merged step by step into one, the most alike first."
    return drawing(width, TOP + ROW * len(names) + 6, "Tree of the topics", told, body, kind="dendrogram")


def _leaf_order(leaves: int, merges: Sequence[Sequence[float]]) -> list[int]:
    """Leaves in an order in which no branches cross."""
    members = {leaf: [leaf] for leaf in range(leaves)}
    for step, (a, b, *_) in enumerate(merges, start=leaves):
        members[step] = members.pop(int(a)) + members.pop(int(b))
    return [leaf for group in members.values() for leaf in group]
