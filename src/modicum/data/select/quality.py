"""Learned quality filter: rows of a pool that look like a few good ones.

The question: which rows of a large pool are as good as these, whatever it is that makes them good? A logistic rule
learns to tell the good rows' vectors from rows of the pool at large, and the rows of the pool that it takes for good
are kept. Most of the pool is not good, so that its rows can stand for bad ones; the good ones among them only lower
all scores alike. Do not use it where the choice must be varied: the filter takes the most typical rows, where
`importance_resampling` draws and `nearest_coreset` covers; nor take the model that tells classes best for the best
filter: the authors found the two to be unrelated.

Papers: "Data Filtering Networks" (Fang et al. 2023): a filter trained on a little good data; "Predictive Data
Selection: The Data That Predicts Is the Data That Teaches" (Shum et al. 2025): a cheap linear scorer filters. Changed:
a logistic rule on vectors that are there instead of a trained network or a bag of words; both sides weigh alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.logistic import fit_logistic
from modicum.data.select.selection import Selection, best, check_keep

CARD = Card(
    name="quality_filter",
    room="data",
    question="select",
    summary="Rows that a rule learnt from a few good ones takes for good",
    paper="Data Filtering Networks",
    year=2023,
    needs=("vectors",),
    cost="O((M + S) D) a step for M good rows and a sample of S; O(N D) to score",
    tags=("data selection", "quality"),
    ids=("003-034", "000-053"),
)

SAMPLE = 20_000
"""Rows of the pool that the rule learns from."""
CHUNK = 1 << 16


def quality_filter(
    X: NDArray[np.floating], good: NDArray[np.floating], keep: int, *, C: float = 1.0, rng: np.random.Generator
) -> Selection:
    """Keep the rows of a pool that look most like good ones.

    Args:
        X: Vectors of the pool (N, D); memory-mapped ones are read in chunks.
        good: Vectors of good rows (M, D).
        keep: Rows wanted.
        C: Inverse strength of the penalty on the rule's weights, above 0.
        rng: Draws the rows of the pool that the rule learns from, and breaks ties.

    Returns:
        The rows, all of weight 1; scores are log-odds of being one of the good rows.

    Raises:
        InputError: The vectors do not belong together, no good row is given, or more rows are wanted than there are.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = np.concatenate([rng.normal(size=(90, 3)), rng.normal(size=(10, 3)) + 4])
        >>> quality_filter(X, rng.normal(size=(5, 3)) + 4, 10, rng=rng).rows.tolist() == list(range(90, 100))
        True
    """
    X = check_vectors(X)
    good = check_vectors(good, width=X.shape[1], what="good vectors")
    check_keep(keep, len(X))
    if len(good) == 0:
        raise InputError("no good row is given; a filter is learnt from a few of them")
    drawn = np.sort(rng.permutation(len(X))[:SAMPLE])
    rows = np.concatenate([good, X[drawn]])
    y = np.arange(len(rows)) < len(good)
    weight = np.where(y, 1.0, len(good) / len(drawn))
    W, b = fit_logistic(rows, y[:, None].astype(np.float64), sample_weight=weight, C=C, hold=0.0)
    scores = np.concatenate([X[part] @ W[0] + b[0] for part in chunks(len(X), CHUNK)])
    kept = best(scores, keep, rng)
    return Selection.of(kept, scores[kept])
