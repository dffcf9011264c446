"""Thresholds that make F1 large: from which probability on does a row get a label?

The question: with a threshold of one half a rare label is hardly ever given, though its best guesses are often right;
where should each label's threshold lie? For every label the threshold of the largest F1 on held-out rows is found in
one pass over its sorted probabilities. With few rows that is a lottery, so the counts of each label are mixed with
those of all labels together, scaled to a stated number of positive rows. Do not use it where false alarms and misses
have known costs: those give the threshold directly (one half when they are equal).

Papers: "Optimal Thresholding of Classifiers to Maximize F1 Measure" (Lipton et al. 2014), after "A Study on
Thresholding Strategies for Text Categorization" (Yang 2001: SCut). Changed: the pooled counts, and thresholds midway
between the probabilities they part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_indicators, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="f1_thresholds",
    room="labels",
    question="thresholds",
    summary="A threshold for each label at the largest held-out F1, leaning on all labels where rows are few",
    paper="Optimal Thresholding of Classifiers to Maximize F1 Measure",
    year=2014,
    needs=("labels", "probabilities"),
    cost="O(N K log (N K))",
    tags=("multi-label",),
)

GRID = 200
"""Points of the pooled curve that a label's own counts are mixed with."""


def f1_thresholds(
    proba: NDArray[np.floating], Y: NDArray[np.integer], *, prior_rows: float = 10.0
) -> NDArray[np.float64]:
    """Threshold of every label: it is given where its probability is at least this.

    Args:
        proba: Held-out probabilities (N, K), each from 0 to 1; best calibrated, so that labels can be pooled.
        Y: True labels (N, K), 0 or 1.
        prior_rows: Positive rows that the pooled counts of all labels weigh, at least 0; 0 looks at each label alone.

    Returns:
        Thresholds (K,), above 0 and at most 1; one half where no label has a positive row, or where this one has none
        and `prior_rows` is 0.

    Raises:
        InputError: The arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> proba, Y = np.array([[0.1], [0.2], [0.3], [0.4]]), np.array([[0], [0], [1], [1]])
        >>> f1_thresholds(proba, Y, prior_rows=0).tolist()
        [0.25]
    """
    values: NDArray[np.float64] = check_vectors(proba, what="probabilities").astype(np.float64)
    truth = check_indicators(Y, rows=len(values)).astype(np.float64)
    if values.shape != truth.shape:
        raise InputError(f"probabilities of shape {values.shape} for labels of shape {truth.shape}")
    positives = float(truth.sum())
    if positives == 0:
        return np.full(values.shape[1], 0.5)
    grid = np.unique(np.quantile(values, np.linspace(0, 1, GRID)))
    pooled = _counts(values.ravel(), truth.ravel(), grid)
    share = prior_rows / positives
    return np.array([_best(values[:, k], truth[:, k], pooled, share) for k in range(values.shape[1])])


Curve = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]


def _counts(proba: NDArray[np.float64], truth: NDArray[np.float64], cuts: NDArray[np.float64]) -> Curve:
    """Cuts (T,), rising; rows given the label from each cut on, those of them that have it, and all that have it."""
    order = np.argsort(proba, kind="stable")
    before = np.searchsorted(proba[order], cuts, side="left")
    found = np.concatenate([[0.0], np.cumsum(truth[order])])
    return cuts, len(proba) - before.astype(np.float64), found[-1] - found[before], float(found[-1])


def _best(proba: NDArray[np.float64], truth: NDArray[np.float64], pooled: Curve, share: float) -> float:
    grid, given, right, positives = pooled
    values = np.unique(proba)
    own = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2])
    cuts = np.unique(np.concatenate([own, grid] if share > 0 else [own]))
    _, own_given, own_right, own_positives = _counts(proba, truth, cuts)
    if own_positives == 0 and share == 0:
        return 0.5
    at = np.minimum(np.searchsorted(grid, cuts), len(grid) - 1)
    above = own_given + own_positives + share * (given[at] + positives)
    f1 = 2 * (own_right + share * right[at]) / np.maximum(above, 1e-12)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(max(cuts[best[len(best) // 2]], 1e-6))
