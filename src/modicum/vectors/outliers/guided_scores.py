"""A classifier's confidence and the similarity to known rows, in one score: what fits no class is low in either.

The question: which rows belong to none of the classes, when both a classifier and its labelled rows are at hand? A
classifier is unsure of what lies between its classes, and sure of what lies far behind them; the nearest labelled row
tells what is far, and not what is between. Each score is ranked among held-out rows of the classes, ranks become
standard normal values, and these are added (Stouffer's way to combine p-values). It is what `fit --unknown` ships. Do
not use it without held-out scores: on its own labelled rows a classifier is sure, and the nearest row is the row
itself. Nor with the confidence of a classifier that learnt from unlabelled rows: it is sure of rows of no class, too.

With half of the 77 intents of banking77 known and 8 labels of each, it told the questions of the others with an AUROC
of 0.883, where softmax regression's confidence did with 0.846 and the nearest row with 0.869 (means of 4 draws, none of
which chose how scores are added); with all labels 0.938, 0.889 and 0.928 (2 draws).

Paper: "Nearest Neighbor Guidance for Out-of-Distribution Detection" (Park et al. 2023). Changed: normal values of ranks
are added instead of multiplying scores, so that no scale has to be chosen and any number of scores can be given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="guided_scores",
    room="vectors",
    question="outliers",
    summary="Confidence of a classifier and similarity to known rows, added as normal values of ranks",
    paper="Nearest Neighbor Guidance for Out-of-Distribution Detection",
    year=2023,
    needs=("probabilities", "vectors"),
    cost="O((N + n) S log n) for S scores a row and n held-out rows",
    tags=("unknown classes", "training-free"),
)


def guided_scores(scores: ArrayLike, held_out: ArrayLike) -> NDArray[np.float64]:
    """Sum (N,) of the normal values of each row's ranks, higher is more typical.

    Args:
        scores: Scores (N, S) of rows, higher is more typical: usually the logarithm of the highest probability, and
            the cosine similarity of the nearest labelled row.
        held_out: The same scores (n, S) of labelled rows from which neither was learnt, among which they are ranked.

    Returns:
        Sums of the standard normal quantiles of (held-out scores at most as high + 1/2) / (n + 1): of rows like the
        held-out ones each is about standard normal. Cost: O((N + n) S log n).

    Raises:
        InputError: The widths differ, there is no held-out row, or a score is not finite.

    Example:
        >>> guided_scores([[0.0, 0.9], [-2.0, 0.6]], [[-1.0, 0.5], [1.0, 0.7]]).round(3).tolist()
        [0.967, -0.967]
    """
    known = np.sort(check_vectors(held_out, what="held-out scores"), axis=0)
    if len(known) == 0:
        raise InputError("there is no held-out row to rank scores among; give the scores of some")
    own = check_vectors(scores, width=known.shape[1], what="scores")
    columns = zip(known.T, own.T, strict=True)
    ranks = np.array([np.searchsorted(among, values, side="right") for among, values in columns])
    return np.asarray(ndtri((ranks + 0.5) / (len(known) + 1)).sum(axis=0))
