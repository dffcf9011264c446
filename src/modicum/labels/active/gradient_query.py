"""BADGE: a batch whose gradients are large and point in different directions.

The question: which batch would move a linear rule most, without asking twice for the same move? For each row, the
gradient of the loss under the predicted class is an outer product of two short vectors, the residual (probabilities
less the predicted class) and the row's vector; a batch is drawn by the seeding of k-means++ on these gradients, so that
a row's chance grows with its squared distance to all drawn so far. Large gradients are doubt, distant ones diversity,
and nothing has to be tuned. Do not use it with a handful of labels and many classes, where typical rows teach more,
or for repeatable lists without fixing the seed.

Paper: "Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds" (Ash et al. 2020). Changed: gradients
are never formed, as an inner product of two outer products is a product of two inner products; and draws come in
blocks, by rejection from stale distances, which gives exactly the law of one draw after another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.labels.active.unlabelled import unlabelled

CARD = Card(
    name="gradient_query",
    room="labels",
    question="active",
    summary="BADGE: k-means++ seeding on gradients in factorised form",
    paper="Deep Batch Active Learning by Diverse, Uncertain Gradient Lower Bounds",
    year=2020,
    needs=("probabilities", "vectors", "unlabelled"),
    cost="O(N (D + K) B) for a batch of B rows, and O(N (D + K)) memory",
    tags=("active learning", "uncertainty", "diversity"),
)

BLOCK = 64
"""Candidates drawn at once from distances of one age."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients (M, K D) as outer products of residuals and vectors, never formed."""

    residuals: NDArray[np.float32]
    """Probabilities less the indicator of the predicted class (M, K)."""
    vectors: NDArray[np.float32]
    """Vectors (M, D)."""
    squares: NDArray[np.float32]
    """Squared lengths (M,)."""

    def take(self, rows: NDArray[np.int64]) -> Gradients:
        """The gradients of some rows."""
        return Gradients(self.residuals[rows], self.vectors[rows], self.squares[rows])

    def squared_distances(self, other: Gradients) -> NDArray[np.float32]:
        """Squared distances (M, C) to other gradients."""
        products = self.residuals @ other.residuals.T
        products *= self.vectors @ other.vectors.T
        products *= -2
        products += self.squares[:, None]
        products += other.squares
        np.maximum(products, 0, out=products)
        return products


def gradients(X: NDArray[np.floating], proba: NDArray[np.floating]) -> Gradients:
    """Gradients of the loss of a linear rule under the predicted class, for vectors (M, D), probabilities (M, K).

    Example:
        >>> import numpy as np
        >>> gradients(np.array([[3.0]]), np.array([[0.5, 0.5]])).squares.tolist()
        [4.5]
    """
    residuals, vectors = proba.astype(np.float32), np.asarray(X, dtype=np.float32)
    residuals[np.arange(len(residuals)), residuals.argmax(axis=1)] -= 1
    squares = (residuals**2).sum(axis=1) * (vectors**2).sum(axis=1)
    return Gradients(residuals, vectors, squares)


def gradient_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose a batch by k-means++ seeding on gradients.

    Args:
        X: Vectors (N, D), those that a linear rule answers from.
        proba: Its probabilities (N, K).
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Draws the batch.

    Returns:
        Distinct row numbers, the largest gradient first. Cost: O(N (D + K) B).

    Raises:
        InputError: The arrays do not belong together, or the budget is negative.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
        >>> gradient_query(np.eye(3), proba, np.zeros(3, bool), 1, np.random.default_rng(0)).tolist()
        [1]
    """
    pool = unlabelled(X, proba, labelled, budget)
    if pool.budget == 0:
        return np.empty(0, dtype=np.int64)
    every = gradients(pool.X[pool.rows], pool.proba[pool.rows])
    chosen = [int(every.squares.argmax())]
    distance = every.squared_distances(every.take(np.array(chosen)))[:, 0]
    distance[chosen] = 0
    while len(chosen) < pool.budget:
        mass = distance.astype(np.float64)
        if not mass.sum() > 0:
            left = np.setdiff1d(np.arange(len(pool.rows)), chosen)
            chosen += rng.choice(left, pool.budget - len(chosen), replace=False).tolist()
            break
        drawn = rng.choice(len(mass), BLOCK, p=mass / mass.sum())
        new = _accepted(every.take(drawn), distance[drawn], rng.random(BLOCK))[: pool.budget - len(chosen)]
        chosen += drawn[new].tolist()
        distance = np.minimum(distance, every.squared_distances(every.take(drawn[new])).min(axis=1))
        distance[drawn[new]] = 0
    return pool.rows[chosen]


def _accepted(drawn: Gradients, stale: NDArray[np.floating], chance: NDArray[np.floating]) -> list[int]:
    """Positions among drawn candidates that stand when each is thinned from its stale distance to the true one.

    A candidate drawn in proportion to an upper bound of its weight, and kept with the ratio of weight to bound, is a
    draw in proportion to the weight. The first is always kept, so that every block gets on.
    """
    between = drawn.squared_distances(drawn)
    fresh = stale.copy()
    kept: list[int] = []
    for position, ratio in enumerate(chance):
        if ratio * stale[position] < fresh[position]:
            kept.append(position)
            fresh = np.minimum(fresh, between[position])
            fresh[between[position] <= 1e-6 * drawn.squares[position]] = 0
    return kept
