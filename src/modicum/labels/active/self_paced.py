"""ASPL: what to ask a person, and what to tell the model by itself.

The question: most rows are clear to the model and a few are not; can the clear ones be labelled without asking? The
least sure rows are asked for; the surest ones of each class get the model's answer as a label, with a weight that
falls from 1 to 0 as their loss nears the pace, and the pace grows from round to round, so that the model learns from
easy rows first and an early mistake does little harm. Do not use it before the model is better than chance, or
measure anything on rows that the model labelled itself.

Paper: "Active Self-Paced Learning for Cost-Effective and Progressive Face Identification" (Lin et al. 2017). Changed:
one softmax rule in place of one detector per person; the linear soft weight of self-paced learning; the share of rows
is the same in each class, so that easy classes do not take all places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_probabilities
from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.labels.active.pseudo_labels import PseudoLabels
from modicum.labels.active.uncertainty_query import uncertainty_query
from modicum.labels.active.unlabelled import Query, unlabelled

CARD = Card(
    name="self_paced_split",
    room="labels",
    question="active",
    summary="ASPL: ask for the least sure rows, pseudo-label the surest of each class, at a growing pace",
    paper="Active Self-Paced Learning for Cost-Effective and Progressive Face Identification",
    year=2017,
    needs=("probabilities", "unlabelled"),
    cost="O(N K + N log N), and the cost of the query",
    tags=("active learning", "pseudo-labels", "curriculum"),
    ids=("001-173",),
)


@dataclass(frozen=True, eq=False)
class Split:
    """One round: rows for the person and rows for the model."""

    ask: NDArray[np.int64]
    """Row numbers to ask for."""
    pseudo: PseudoLabels
    """Rows that the model labels itself."""


def self_paced_split(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    pace: float = 0.2,
    query: Query = uncertainty_query,
) -> Split:
    """Split a round between asking and pseudo-labelling.

    Args:
        X: Vectors (N, D), for the query.
        proba: Probabilities (N, K).
        labelled: Mask (N,) of rows that take part in neither.
        budget: Rows to ask for; fewer where there are fewer.
        rng: For the query.
        pace: Share of each predicted class that is pseudo-labelled, above 0 and below 1; let it grow with the rounds.
        query: Query strategy that chooses the rows to ask for.

    Returns:
        Rows to ask for, and other rows with their pseudo-labels and weights 0 to 1. Cost: O(N K + N log N) besides
        that of the query.

    Raises:
        InputError: The arrays do not belong together, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.7, 0.3], [0.2, 0.8]])
        >>> split = self_paced_split(np.eye(4), proba, np.zeros(4, bool), 1, np.random.default_rng(0), pace=0.5)
        >>> split.ask.tolist(), split.pseudo.rows.tolist(), split.pseudo.weight.round(2).tolist()
        ([1], [0], [0.54])
    """
    check_fraction(pace, "pace")
    pool = unlabelled(X, proba, labelled, budget)
    ask = query(pool.X, pool.proba, pool.labelled, pool.budget, rng)
    rows = np.setdiff1d(pool.rows, ask)
    answers = pool.proba[rows]
    codes, loss = answers.argmax(axis=1), -log_probabilities(answers.max(axis=1))
    weight = np.zeros(len(rows))
    for number in np.unique(codes):
        own = codes == number
        limit = np.quantile(loss[own], pace)
        weight[own] = np.maximum(1 - loss[own] / limit, 0) if limit > 0 else loss[own] == 0
    kept = weight > 0
    return Split(ask, PseudoLabels(rows[kept], codes[kept], weight[kept]))
