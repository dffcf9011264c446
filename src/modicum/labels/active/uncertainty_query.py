"""Uncertainty sampling: which rows is the model least sure of?

The question: with nothing but probabilities, whose label would teach most? Rows are ranked by the entropy of their
probabilities, by the margin between the two most probable classes, or by the probability of the best one. It is one
line, hard to beat with single rows, and the baseline of every other strategy. Do not use it for batches from a table
with many alike rows (they are asked for together), before the model is better than chance, or where some rows can be
told by nobody: their entropy never falls.

Papers: "A Sequential Algorithm for Training Text Classifiers" (Lewis & Gale 1994) for the least confident row, and
"Active Hidden Markov Models for Information Extraction" (Scheffer et al. 2001) for the margin. Changed: ties are
broken at random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import entropy
from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.labels.active.unlabelled import margins, unlabelled

CARD = Card(
    name="uncertainty_query",
    room="labels",
    question="active",
    summary="Rows with the highest entropy, the smallest margin or the least confident answer",
    paper="A Sequential Algorithm for Training Text Classifiers",
    year=1994,
    needs=("probabilities", "unlabelled"),
    cost="O(N K + N log N)",
    tags=("active learning", "uncertainty", "baseline"),
)

MEASURES = ("margin", "entropy", "confidence")


def uncertainty(proba: NDArray[np.floating], measure: str = "margin") -> NDArray[np.floating]:
    """How unsure probabilities (N, K) are, higher is less sure: entropy in nats, 1 - margin, or 1 - highest.

    Example:
        >>> import numpy as np
        >>> uncertainty(np.array([[0.5, 0.3, 0.2]]), "confidence").tolist()
        [0.5]
    """
    check_choice(measure, MEASURES, "measure")
    if measure == "entropy":
        return entropy(proba)
    return 1 - (margins(proba) if measure == "margin" else proba.max(axis=1))


def uncertainty_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    measure: str = "margin",
) -> NDArray[np.int64]:
    """Choose the rows that the model is least sure of.

    Args:
        X: Vectors (N, D); only their number counts.
        proba: Probabilities (N, K).
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Breaks ties.
        measure: `margin`, `entropy` or `confidence`; with two classes all three give the same order.

    Returns:
        Distinct row numbers, the least sure first. Cost: O(N K + N log N).

    Raises:
        InputError: The arrays do not belong together, the measure is not known, or the budget is negative.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
        >>> uncertainty_query(np.eye(3), proba, np.zeros(3, bool), 2, np.random.default_rng(0)).tolist()
        [1, 2]
    """
    pool = unlabelled(X, proba, labelled, budget)
    doubt = uncertainty(pool.proba[pool.rows], measure)
    return pool.rows[np.lexsort((rng.random(len(doubt)), -doubt))[: pool.budget]]
