"""Metrics over classes: from a tree, a graph, or the embeddings of class names.

A metric gives blocks of distances, so that spaces of 100,000 classes never stand in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from modicum.core.arrays import normalize_rows
from modicum.core.errors import InputError
from modicum.core.records import LabelSpace

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]
DEEPEST = 1_000
"""Nodes of a tree that stand above one another."""


class Metric(Protocol):
    """Distances between the K classes of a space."""

    def __len__(self) -> int:
        """Return the number of classes K."""

    def block(self, rows: Ints, columns: Ints) -> Floats:
        """Distances (R, C), at least 0, between two lists of classes."""


@dataclass(frozen=True, eq=False)
class TreeMetric:
    """Number of edges between two classes of a forest whose roots hang on one common root.

    `ancestors` (K, depth) holds, for each class, the nodes on the way from the top down to itself; shorter ways are
    filled with -1.
    """

    ancestors: Ints

    @classmethod
    def from_space(cls, space: LabelSpace) -> Self:
        """Read the tree from a space's parents.

        Raises:
            InputError: Classes stand above themselves, or the tree is too deep.
        """
        parents: dict[str, str | None] = dict(space.group_parents)
        parents |= dict(zip(space.names, space.parents or (None,) * len(space), strict=True))
        numbers: dict[str, int] = {}
        ways = []
        for name in space.names:
            way: list[str] = []
            at: str | None = name
            while at is not None:
                if at in way:
                    raise InputError(f"class {name!r} stands above itself in the tree; mend the parents")
                if len(way) == DEEPEST:
                    raise InputError(f"class {name!r} stands under more than {DEEPEST} others; mend the parents")
                way.append(at)
                at = parents.get(at)
            ways.append([numbers.setdefault(node, len(numbers)) for node in reversed(way)])
        depth = max(map(len, ways))
        return cls(np.array([way + [-1] * (depth - len(way)) for way in ways], dtype=np.int64))

    def __len__(self) -> int:
        """Return the number of classes K."""
        return len(self.ancestors)

    @cached_property
    def _depth(self) -> Ints:
        return np.asarray((self.ancestors >= 0).sum(axis=1))

    def block(self, rows: Ints, columns: Ints) -> Floats:
        """Distances (R, C). Cost: O(R C depth)."""
        shared = np.zeros((len(rows), len(columns)), dtype=np.int64)
        for level in range(self.ancestors.shape[1]):
            left, right = self.ancestors[rows, level][:, None], self.ancestors[columns, level][None]
            shared += (left == right) & (left >= 0)
        return (self._depth[rows][:, None] + self._depth[columns][None] - 2 * shared).astype(np.float64)


@dataclass(frozen=True, eq=False)
class GraphMetric:
    """Length of the shortest way between two classes of a connected graph."""

    edges: Sequence[tuple[int, int]]
    classes: int
    lengths: Sequence[float] | None = None
    """Length of each edge, above 0; default 1."""

    def __len__(self) -> int:
        """Return the number of classes K."""
        return self.classes

    def block(self, rows: Ints, columns: Ints) -> Floats:
        """Distances (R, C). Cost: O(R (edges + K log K)).

        Raises:
            InputError: Two of the classes are not connected.
        """
        ends = np.array(self.edges, dtype=np.int64).reshape(-1, 2)
        lengths = np.ones(len(ends)) if self.lengths is None else np.asarray(self.lengths, dtype=np.float64)
        graph = coo_array((lengths, (ends[:, 0], ends[:, 1])), shape=(self.classes, self.classes)).tocsr()
        found = dijkstra(graph, directed=False, indices=rows)[:, columns]
        if np.isinf(found).any():
            row, column = np.argwhere(np.isinf(found))[0]
            raise InputError(f"classes {rows[row]} and {columns[column]} are not connected; add edges between them")
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class VectorMetric:
    """Euclidean distance between embedded class names brought to length 1: the self-derived metric."""

    class_vectors: Floats

    @cached_property
    def _units(self) -> Floats:
        return normalize_rows(self.class_vectors)

    def __len__(self) -> int:
        """Return the number of classes K."""
        return len(self.class_vectors)

    def block(self, rows: Ints, columns: Ints) -> Floats:
        """Distances (R, C). Cost: O(R C D)."""
        inner = self._units[rows] @ self._units[columns].T
        return np.sqrt(np.maximum(2 - 2 * inner, 0))
