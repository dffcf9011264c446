"""Prediction sets over a class tree: the smallest subtree that holds the truth as often as promised.

The question: classes form a tree; what is the most precise answer that can be vouched for, as one name? Going down
from the root to the likeliest child again and again, the answer is the deepest node that still has enough probability:
"card payments" where its leaves cannot be told apart. How much is enough is a conformal or PAC threshold on held-out
rows. Do not use it where confusions cut across the tree: plain sets are smaller, a subtree then ends near the root.

Paper: "PAC Prediction Sets for Large Language Models of Code" (Khakhar et al. 2023). Changed: for a tree of classes
instead of a syntax tree, with one hole instead of several, so that the answer is one node; the nodes on one path are
nested, so that the threshold needs no search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_probabilities
from modicum.core.errors import InputError

CARD = Card(
    name="ClassTree",
    room="labels",
    question="conformal",
    summary="Prediction sets that are one subtree of the classes: the deepest node that is sure enough",
    paper="PAC Prediction Sets for Large Language Models of Code",
    year=2023,
    needs=("labels", "probabilities", "metric"),
    cost="O(N (K + V)) for V nodes of the tree",
    tags=("conformal", "prediction sets", "class tree"),
    ids=("000-020",),
)

Ints = NDArray[np.int64]
Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ClassTree:
    """A tree over K classes, its leaves.

    Args:
        ancestors: Nodes (K, depth) on the way from the top down to each class, the class's own node last; shorter ways
            are filled with -1. This is what `TreeMetric.from_space(space).ancestors` holds. All ways hang on one root,
            which need not be named and is number -1 in answers.

    Example:
        >>> import numpy as np
        >>> tree = ClassTree(np.array([[0, 1], [0, 2], [3, -1]]))
        >>> proba = np.array([[0.5, 0.4, 0.1], [0.1, 0.1, 0.8]])
        >>> tree.nodes(proba, 0.7).tolist()
        [0, 3]
        >>> tree.sets(tree.nodes(proba, 0.7)).tolist()
        [[True, True, False], [False, False, True]]
    """

    ancestors: Ints

    def __post_init__(self) -> None:
        if self.ancestors.ndim != 2 or (self.ancestors[:, :1] < 0).any():
            raise InputError("ancestors must be (classes, depth), each row a way from the top that is not empty")

    def path(self, proba: Floats) -> tuple[Ints, Floats]:
        """Likeliest way down for each row: its nodes (N, depth), -1 where it has ended, and their probabilities."""
        proba = check_probabilities(proba)
        rows, depth = len(proba), self.ancestors.shape[1]
        inside = np.ones_like(proba, dtype=bool)
        nodes, mass = np.full((rows, depth), -1), np.zeros((rows, depth))
        count = int(self.ancestors.max()) + 1
        for level in range(depth):
            at = self.ancestors[:, level]
            holds = np.zeros((len(at), count))
            holds[at >= 0, at[at >= 0]] = 1
            sums = np.where(inside, proba, 0) @ holds
            reachable = inside @ holds > 0
            best = np.where(reachable, sums, -1).argmax(axis=1)
            goes_on = reachable.any(axis=1)
            nodes[goes_on, level] = best[goes_on]
            mass[goes_on, level] = sums[goes_on, best[goes_on]]
            chosen = np.where(goes_on, best, -2)
            inside &= np.asarray(at)[None, :] == chosen[:, None]
        return nodes, mass

    def scores(self, proba: Floats) -> Floats:
        """Non-conformity (N, K), 0 to 1: the least level at which the row's subtree holds the class.

        Pass those of true classes to `threshold` or `pac_threshold`, and the result to `nodes` as `level`.
        """
        nodes, mass = self.path(proba)
        scores, on_path = np.zeros((len(nodes), len(self.ancestors))), np.ones((len(nodes), len(self.ancestors)), bool)
        for level in range(nodes.shape[1]):
            below = self.ancestors[:, level] == nodes[:, [level]]
            leaves = on_path & ~below & (nodes[:, [level]] >= 0)
            scores = np.where(leaves, mass[:, [level]], scores)
            on_path &= below
        return scores

    def nodes(self, proba: Floats, level: float) -> Ints:
        """Deepest node (N,) of each row's way whose probability exceeds `level`; -1 is the root, all classes."""
        nodes, mass = self.path(proba)
        sure = (nodes >= 0) & (mass > level + 1e-12)
        depth = np.cumprod(sure, axis=1).sum(axis=1)
        return np.where(depth > 0, nodes[np.arange(len(nodes)), np.maximum(depth - 1, 0)], -1)

    def sets(self, nodes: Ints) -> NDArray[np.bool_]:
        """Classes under each node (N,), as a mask (N, K)."""
        at = np.asarray(nodes)[:, None]
        under = np.broadcast_to(at < 0, (len(at), len(self.ancestors)))
        for level in range(self.ancestors.shape[1]):
            under = under | (self.ancestors[:, level] == at)
        return under
