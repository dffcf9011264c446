"""HAST: pseudo-labels that a row's neighbourhood confirms, for the model of the round.

The question: a round of active learning has a few labels and a large rest; which predictions on the rest are safe to
train on before the next query? Those above a confidence that most of the row's nearest neighbours share. Rows of
classes that get few pseudo-labels count more, and what a pseudo-label weighs on average beside a label is a setting.
Do not use it where the model is near chance, where classes cut through clouds of rows, or where
BalancedSelfTraining (soft labels, one loss) does the same job without thresholds.

Paper: "Self-Training for Sample-Efficient Active Learning for Text Classification with Pre-Trained Language Models"
(Schroeder & Heyer 2024; code: chschroeder/self-training-for-sample-efficient-active-learning). Changed: fixed vectors
in place of the embeddings of a model that is being tuned; exact neighbours; weights are handed out for any head.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.core.arrays import one_hot
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.labels.active.pseudo_labels import PseudoLabels
from modicum.labels.active.unlabelled import unlabelled
from modicum.labels.active.vote_k_query import neighbour_votes

CARD = Card(
    name="neighbourhood_pseudo_labels",
    room="labels",
    question="active",
    summary="HAST: confident predictions that a row's neighbours share, weighted for balance",
    paper="Self-Training for Sample-Efficient Active Learning for Text Classification with Pre-Trained Language Models",
    year=2024,
    needs=("probabilities", "vectors", "unlabelled"),
    cost="O(M^2 D) for M unlabelled rows, at most 16,384, in blocks of 1,024 rows",
    tags=("active learning", "pseudo-labels", "semi-supervised"),
    ids=("001-160",),
)


def balancing_weights(codes: NDArray[np.integer], classes: int) -> NDArray[np.float64]:
    """Weight of each row (P,), 0 to 10: above 5 where its class has fewer rows than the mean, below where more.

    Example:
        >>> import numpy as np
        >>> balancing_weights(np.array([0, 0, 0, 1]), 2).round(2).tolist()
        [4.17, 4.17, 4.17, 7.31]
    """
    counts = np.bincount(codes, minlength=classes)
    own = counts[codes]
    return np.asarray(10 * expit((counts.sum() // classes - own) / own))


def neighbourhood_pseudo_labels(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    neighbours: int = 14,
    threshold: float = 0.5,
    factor: float = 1.0,
    most: int = 16_384,
) -> PseudoLabels:
    """Pseudo-labels for the rows without a label whose neighbourhood agrees with the model.

    Args:
        X: Vectors (N, D); only their directions count.
        proba: Probabilities (N, K).
        labelled: Mask (N,) of rows that need none.
        rng: Draws the rows, where there are more than `most`.
        neighbours: Nearest rows without a label that vote, at least 1.
        threshold: A row's confidence, and the share of its neighbours with the same prediction, must lie above it.
        factor: Factor on the balancing weights, above 0.
        most: Rows looked at, at least 1.

    Returns:
        Rows, predicted classes, and weights whose mean is the factor. Cost: O(M^2 D) for M rows looked at.

    Raises:
        InputError: The arrays do not belong together, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1, 0], [1, 0.1], [0.9, 0.1], [0, 1]])
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.6, 0.4]])
        >>> found = neighbourhood_pseudo_labels(X, proba, np.zeros(4, bool), np.random.default_rng(0), neighbours=1)
        >>> found.rows.tolist(), found.codes.tolist()
        ([0], [0])
    """
    if neighbours < 1 or most < 1 or not factor > 0 or not 0 <= threshold < 1:
        raise InputError("neighbours and most must be at least 1, the factor above 0 and the threshold in 0..1")
    pool = unlabelled(X, proba, labelled, 0)
    rows = pool.rows
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    if len(rows) < 2:
        return PseudoLabels(rows[:0], rows[:0], np.zeros(0))
    answers = pool.proba[rows]
    codes = answers.argmax(axis=1)
    votes = neighbour_votes(pool.X[rows], neighbours) @ one_hot(codes, answers.shape[1])
    share = votes[np.arange(len(rows)), codes] / votes.sum(axis=1)
    kept = (share > threshold) & (answers.max(axis=1) > threshold)
    if not kept.any():
        return PseudoLabels(rows[:0], rows[:0], np.zeros(0))
    weight = balancing_weights(codes[kept], answers.shape[1])
    return PseudoLabels(rows[kept], codes[kept], factor * weight / weight.mean())
