"""A classifier's confidence and the similarity to known rows, in one score: what fits no class is low in either.

The question: which rows belong to none of the classes, when both a classifier and its labelled rows are at hand? A
classifier is unsure of what lies between its classes, and sure of what lies far behind them; the nearest labelled row
tells what is far, and not what is between. Each score is brought to the mean and spread that it has on held-out rows of
the classes, and they are added. It is what `fit --unknown` ships. Do not use it without held-out scores: on its own
labelled rows a classifier is sure, and the nearest row is the row itself.

Paper: "Nearest Neighbor Guidance for Out-of-Distribution Detection" (Park et al. 2023). Changed: standardised scores
are added instead of multiplied, so that no scale has to be chosen and any number of scores can be given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="guided_scores",
    room="vectors",
    question="outliers",
    summary="Confidence of a classifier and similarity to known rows, added on one scale",
    paper="Nearest Neighbor Guidance for Out-of-Distribution Detection",
    year=2023,
    needs=("probabilities", "vectors"),
    cost="O(N S) for S scores a row",
    tags=("unknown classes", "training-free"),
)


def guided_scores(scores: ArrayLike, held_out: ArrayLike) -> NDArray[np.float64]:
    """Sum (N,) of the standardised scores of each row, higher is more typical.

    Args:
        scores: Scores (N, S) of rows, higher is more typical: usually the logarithm of the highest probability, and
            the cosine similarity of the nearest labelled row.
        held_out: The same scores (n, S) of labelled rows from which neither was learnt; their means and standard
            deviations are what scores are brought to. A score without spread counts nothing.

    Returns:
        Sums whose mean is 0 on the held-out rows. Cost: O(N S).

    Raises:
        InputError: The widths differ, there is no held-out row, or a score is not finite.

    Example:
        >>> guided_scores([[0.0, 0.9]], [[-1.0, 0.5], [1.0, 0.7]]).round(6).tolist()
        [3.0]
    """
    known = check_vectors(held_out, what="held-out scores").astype(np.float64, copy=False)
    if len(known) == 0:
        raise InputError("there is no held-out row, so scores have no scale; give the scores of some")
    own = check_vectors(scores, width=known.shape[1], what="scores").astype(np.float64, copy=False)
    spread = known.std(axis=0)
    told = spread > 1e-12
    return np.asarray(((own - known.mean(axis=0))[:, told] / spread[told]).sum(axis=1))
