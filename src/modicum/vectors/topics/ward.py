"""Ward's tree of weighted points, by nearest-neighbour chains, and where it is cut.

scipy's linkage takes no weights, which points that stand for many rows need; with weights of 1 the two give the same
tree (tested).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def ward_tree(points: Floats, weight: Floats | None = None) -> NDArray[np.float64]:
    """Merge, step by step, the two groups whose merging adds least to the squared distances from the groups' means.

    Args:
        points: Vectors (M, D), M at least 1.
        weight: How many rows each stands for (M,), above 0; default 1.

    Returns:
        Merges (M - 1, 4) as scipy's linkage has them: the two groups, numbers from M on being earlier merges; the
        square root of twice what is added, which never falls; the weight merged. Cost: O(M^2) and O(M^2 D) in one
        matrix product; memory O(M^2).

    Example:
        >>> import numpy as np
        >>> ward_tree(np.array([[0.0], [1.0], [9.0]]))[:, :2].astype(int).tolist()
        [[0, 1], [2, 3]]
    """
    count = len(points)
    mass = np.ones(count) if weight is None else np.asarray(weight, dtype=np.float64).copy()
    added = _pairwise(np.asarray(points, dtype=np.float64), mass)
    alive = np.ones(count, dtype=bool)
    chain: list[int] = []
    found = np.empty((max(count - 1, 0), 4))
    for step in range(count - 1):
        if not chain:
            chain.append(int(alive.argmax()))
        a, b = _close_pair(added, chain)
        height = added[a, b]
        found[step] = a, b, height, mass[a] + mass[b]
        others = mass + mass[a] + mass[b]
        row = ((mass + mass[a]) * added[a] + (mass + mass[b]) * added[b] - mass * height) / others
        row[~alive], alive[a] = np.inf, False
        row[a] = row[b] = np.inf
        added[b], added[:, b] = row, row
        added[a], added[:, a] = np.inf, np.inf
        mass[b] += mass[a]
    return _in_order(found, count)


def cut_tree(merges: Floats, count: int) -> NDArray[np.int64]:
    """Group (M,) of each point where the tree is cut into `count` groups, 1 to M, numbered by their first point.

    Example:
        >>> import numpy as np
        >>> cut_tree(ward_tree(np.array([[0.0], [9.0], [1.0]])), 2).tolist()
        [0, 1, 0]
    """
    points = len(merges) + 1
    above = np.arange(2 * points - 1)
    kept = points - count
    for step, (a, b) in enumerate(merges[:kept, :2].astype(np.int64).tolist()):
        above[a] = above[b] = points + step
    for node in range(points + kept - 1, -1, -1):
        above[node] = above[above[node]]
    _, first, group = np.unique(above[:points], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[group]


def _pairwise(points: NDArray[np.float64], mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice what merging each two points adds (M, M); infinite on the diagonal."""
    squares = (points**2).sum(axis=1)
    out = -2 * (points @ points.T)
    out += squares[:, None]
    out += squares
    np.maximum(out, 0, out=out)
    out *= 2 * mass[:, None] * mass / (mass[:, None] + mass)
    np.fill_diagonal(out, np.inf)
    return np.asarray(out)


def _close_pair(added: NDArray[np.float64], chain: list[int]) -> tuple[int, int]:
    """Follow nearest neighbours until two are each other's; both are taken off the chain."""
    while True:
        top = chain[-1]
        near = int(added[top].argmin())
        if len(chain) > 1 and added[top, chain[-2]] <= added[top, near]:
            return chain.pop(), chain.pop()
        chain.append(near)


def _in_order(found: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Merges by height, groups numbered as scipy numbers them; the chain finds them in another order."""
    order = np.argsort(found[:, 2], kind="stable")
    name = np.arange(count)
    parent = np.arange(count)
    out = np.empty_like(found)
    for step, (a, b, height, mass) in enumerate(found[order].tolist()):
        roots = _root(parent, int(a)), _root(parent, int(b))
        out[step] = *sorted(int(name[root]) for root in roots), np.sqrt(height), mass
        parent[roots[0]] = roots[1]
        name[roots[1]] = count + step
    return out


def _root(parent: NDArray[np.int64], point: int) -> int:
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = int(parent[point])
    return point
