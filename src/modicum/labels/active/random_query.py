"""Random rows: the baseline that every query strategy must beat.

The question: which row should be labelled next, when nothing is to be assumed? Every unlabelled row is as likely as
any other. It is the only choice after which shares of classes and accuracies measured on the labelled rows speak for
the whole table. Do not use it where labels are dear and a model is better than chance.

Source: simple random sampling without replacement ("Sampling Techniques", Cochran 1977). Changed: nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.labels.active.unlabelled import unlabelled

CARD = Card(
    name="random_query",
    room="labels",
    question="active",
    summary="Unlabelled rows at random, the baseline of all queries",
    paper="Sampling Techniques",
    year=1977,
    needs=("unlabelled",),
    cost="O(N)",
    tags=("active learning", "baseline"),
)


def random_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Choose rows to label, at random.

    Args:
        X: Vectors (N, D); only their number counts.
        proba: Probabilities (N, K); only their number counts.
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Draws the rows.

    Returns:
        Distinct row numbers. Cost: O(N).

    Raises:
        InputError: The arrays do not belong together, or the budget is negative.

    Example:
        >>> import numpy as np
        >>> labelled = np.array([True, False, True])
        >>> random_query(np.eye(3), np.full((3, 2), 0.5), labelled, 5, np.random.default_rng(0)).tolist()
        [1]
    """
    pool = unlabelled(X, proba, labelled, budget)
    return rng.choice(pool.rows, pool.budget, replace=False)
