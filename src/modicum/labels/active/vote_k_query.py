"""Vote-k: representative rows by discounted votes in the graph of nearest neighbours.

The question: which rows stand for most of the table, before anything is labelled? Every row votes for its nearest
neighbours, and the row with most votes is taken; votes of rows that already have labelled neighbours count for a
tenth, a hundredth and so on, so that the next choice stands for others. It needs neither a model nor classes, and was
made to choose the examples of a prompt. Do not use it where a model is better than chance and batches are small:
doubt then tells more.

Paper: "Selective Annotation Makes Language Models Better Few-Shot Learners" (Su et al. 2023; code:
HKUNLP/icl-selective-annotation). Changed: only the graph half of the method, without the language model's confidence;
rows labelled earlier discount votes like rows chosen now.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.core.nearest import largest_products
from modicum.labels.active.unlabelled import unlabelled

CARD = Card(
    name="vote_k_query",
    room="labels",
    question="active",
    summary="Rows that most neighbours vote for, votes of covered rows discounted",
    paper="Selective Annotation Makes Language Models Better Few-Shot Learners",
    year=2023,
    needs=("vectors", "unlabelled"),
    cost="O(N^2 D + B N k) for k neighbours and a batch of B, O(N k) memory",
    tags=("active learning", "graph", "density", "cold start"),
    ids=("003-071",),
)


def vote_k_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    neighbours: int = 150,
    discount: float = 10.0,
) -> NDArray[np.int64]:
    """Choose representative rows.

    Args:
        X: Vectors (N, D); only their directions count.
        proba: Probabilities (N, K); only their number counts.
        labelled: Mask (N,) of rows that are never chosen, and whose voters count less.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Breaks ties.
        neighbours: Rows that each row votes for, at least 1.
        discount: What a vote is divided by for each labelled row among those it went to, at least 1.

    Returns:
        Distinct row numbers, the first stands for most. Cost: O(N^2 D + B N k).

    Raises:
        InputError: The arrays do not belong together, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> X, none = np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1]]), np.zeros(4, bool)
        >>> vote_k_query(X, np.full((4, 2), 0.5), none, 1, np.random.default_rng(0), neighbours=1).tolist()
        [1]
    """
    if neighbours < 1 or discount < 1:
        raise InputError(f"neighbours and discount must be at least 1, not {neighbours} and {discount}")
    pool = unlabelled(X, proba, labelled, budget)
    if pool.budget == 0:
        return np.empty(0, dtype=np.int64)
    votes = neighbour_votes(pool.X, neighbours)
    voters = votes.tocsc()
    weight = discount ** -np.asarray(votes @ pool.labelled.astype(np.float64))
    weight[pool.labelled] = 0.0
    score = np.where(pool.labelled, -np.inf, votes.T @ weight)
    tie = rng.random(len(score))
    chosen = np.zeros(pool.budget, dtype=np.int64)
    for step in range(pool.budget):
        best = np.flatnonzero(score >= score.max() - 1e-9)
        row = chosen[step] = best[tie[best].argmax()]
        changed = np.append(voters.indices[voters.indptr[row] : voters.indptr[row + 1]], row)
        lost = np.append(weight[changed[:-1]] * (1 - 1 / discount), weight[row])
        weight[changed] -= lost
        score -= votes[changed].T @ lost
        score[row] = -np.inf
    return chosen


def neighbour_votes(X: NDArray[np.floating], neighbours: int) -> sparse.csr_array:
    """Who votes for whom: a sparse matrix (N, N) with 1 where the column is among the row's nearest by cosine.

    Example:
        >>> import numpy as np
        >>> neighbour_votes(np.array([[1, 0], [1, 0.1], [0, 1]]), 1).toarray().tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    rows = normalize_rows(X)
    total, count = len(rows), min(neighbours, len(rows) - 1)
    own = np.arange(total)
    near = largest_products(rows, rows, count, skip=own)[0] if count else np.zeros((total, 0), dtype=np.int64)
    ones = np.ones(near.size)
    return sparse.csr_array((ones, near.ravel(), np.arange(0, near.size + 1, max(count, 1))[: total + 1]), (total,) * 2)
