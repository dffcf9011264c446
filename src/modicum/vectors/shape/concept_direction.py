"""Concept directions: one axis that tells how much of a named concept a vector has.

The question: how polite, how urgent, how technical are these rows, when all that is at hand are a few phrases of either
kind, or two groups of rows? Between two groups the axis is the difference of their means; with phrases in pairs it is
the leading principal component of their differences; and a row's score is where it lies along the axis, from -1 at the
one group to 1 at the other. Scores sort rows, and the axis can be removed (`remove_directions`) or added to a query.
Do not use it for a decision that labels could be had for: a head with a few rows of each kind does better.

Papers: "Large Pre-trained Language Models Contain Human-like Biases of What is Right and Wrong to Do" (Schramowski et
al. 2022: principal components of phrases) and "RAVE: Residual Vector Embedding for CLIP-Guided Backlit Image
Enhancement" (Gaintseva et al. 2024: difference of means). Changed: components are those of paired differences, whose
sign the groups settle, instead of those of all phrases; scores have the scale of the two groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_choice, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="concept_direction",
    room="vectors",
    question="shape",
    summary="The axis between two groups of rows or phrases, and where rows lie along it",
    paper="Large Pre-trained Language Models Contain Human-like Biases of What is Right and Wrong to Do",
    year=2022,
    needs=("vectors",),
    cost="O(M D) for M phrases by means, O(M^2 D) by pairs; O(N D) to score",
    tags=("training-free", "interpretable"),
    ids=("001-066", "004-014"),
)

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ConceptDirection:
    """An axis, and where the two groups lie along it."""

    axis: NDArray[np.float64]
    """Direction (D,) of length 1, from the low group to the high one."""
    low: float
    """Place of the low group's mean along the axis."""
    high: float
    """Place of the high group's mean."""

    def scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scores (N,) of vectors (N, D): -1 like the low group, 1 like the high one, not bounded by these."""
        rows = check_vectors(X, width=len(self.axis)).astype(np.float64, copy=False)
        return np.asarray((2 * (rows @ self.axis) - self.low - self.high) / (self.high - self.low))


def concept_direction(low: ArrayLike, high: ArrayLike, *, by: str = "means") -> ConceptDirection:
    """The axis from one group to the other.

    Args:
        low: Vectors (M, D) that have little of the concept.
        high: Vectors (L, D) that have much of it.
        by: `means`, the difference of the groups' means; or `pairs`, the leading principal component, about 0, of the
            differences of vectors that stand at the same place of the two groups, which then have one length.

    Returns:
        The axis; its `scores` are for vectors of the same encoder.

    Raises:
        InputError: A group is empty, widths or lengths differ, or the groups' means are the same along the axis.

    Example:
        >>> found = concept_direction([[0.0, 1.0], [0.0, -1.0]], [[2.0, 1.0], [2.0, -1.0]])
        >>> found.axis.tolist(), found.scores([[0.0, 5.0], [1.0, 0.0], [2.0, 0.0]]).tolist()
        ([1.0, 0.0], [-1.0, 0.0, 1.0])
    """
    check_choice(by, ("means", "pairs"), "way to find a direction")
    a = check_vectors(low, what="low vectors").astype(np.float64)
    b = check_vectors(high, width=a.shape[1], what="high vectors").astype(np.float64)
    if not len(a) or not len(b):
        raise InputError("a direction leads from one group to another; give at least one vector of each")
    if by == "pairs" and len(a) != len(b):
        raise InputError(f"{len(a)} low and {len(b)} high vectors are no pairs; give as many of each, or take 'means'")
    between = b.mean(axis=0) - a.mean(axis=0)
    axis = between
    if by == "pairs":
        axis = np.linalg.svd(b - a, full_matrices=False)[2][0]
        axis = axis if axis @ between >= 0 else -axis
    length = float(np.linalg.norm(axis))
    step = float(axis @ between) / length if length else 0.0
    if step <= 1e-9 * max(float(np.abs(a).max()), float(np.abs(b).max()), 1e-300):
        raise InputError("the two groups have the same mean, so no direction leads from one to the other")
    axis = axis / length
    return ConceptDirection(axis, float(a.mean(axis=0) @ axis), float(b.mean(axis=0) @ axis))
