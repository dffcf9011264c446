"""PCB: a batch in which every class is asked for, by the classes a model guesses.

The question: doubt alone asks again and again for the same few confusable classes; how does a batch stay balanced
when nobody knows the classes yet? A query proposes several times more rows than wanted; the model's guesses (class
names are enough for a first model) are their pseudo-classes, and rows are taken one by one from the class with the
fewest labels so far. Do not use it where classes are truly rare and shall stay so, or where the model is near chance.

Paper: "Active Prompt Learning in Vision Language Models" (Bang et al. 2024; code: kaist-dmlab/pcb). Changed: within a
class the row that was proposed first is taken, not a random one; rows with labels count under the class that the model
gives them, unless the true counts are handed in.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.labels.active.uncertainty_query import uncertainty_query
from modicum.labels.active.unlabelled import Query, unlabelled

CARD = Card(
    name="balanced_query",
    room="labels",
    question="active",
    summary="PCB: rows another query proposes, taken so that guessed classes are asked for alike",
    paper="Active Prompt Learning in Vision Language Models",
    year=2024,
    needs=("probabilities", "unlabelled"),
    cost="O(N K + F B log K) for a batch of B from F B proposals, and the cost of the query that proposes",
    tags=("active learning", "balance", "names"),
    ids=("000-066",),
)


def balanced_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    propose: Query = uncertainty_query,
    prefilter: int = 10,
    counts: NDArray[np.integer] | None = None,
) -> NDArray[np.int64]:
    """Choose a batch that asks for all classes alike.

    Args:
        X: Vectors (N, D), for the query that proposes.
        proba: Probabilities (N, K), whose best classes are the pseudo-classes.
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: For the query that proposes, and for classes with equally few labels.
        propose: Query strategy that ranks the candidates.
        prefilter: It proposes `prefilter * budget` rows, at least 1.
        counts: Labels so far of each class (K,); default by the model's guess for the labelled rows.

    Returns:
        Distinct row numbers. Cost: O(N K + F B log K) besides that of `propose`.

    Raises:
        InputError: The arrays do not belong together, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.5, 0.5], [0.6, 0.4], [0.1, 0.9]])
        >>> balanced_query(np.eye(3), proba, np.zeros(3, bool), 2, np.random.default_rng(1)).tolist()
        [2, 0]
    """
    if prefilter < 1:
        raise InputError(f"prefilter must be at least 1, not {prefilter}")
    pool = unlabelled(X, proba, labelled, budget)
    classes = pool.proba.shape[1]
    guessed = pool.proba.argmax(axis=1)
    had = np.bincount(guessed[pool.labelled], minlength=classes) if counts is None else np.asarray(counts)
    if had.shape != (classes,):
        raise InputError(f"{had.size} counts for {classes} classes; give one per class")
    ranked = propose(pool.X, pool.proba, pool.labelled, prefilter * pool.budget, rng)
    queues = [ranked[guessed[ranked] == number][::-1].tolist() for number in range(classes)]
    turn = [(int(had[number]), float(rng.random()), number) for number in range(classes) if queues[number]]
    heapq.heapify(turn)
    chosen: list[int] = []
    while turn and len(chosen) < pool.budget:
        count, tie, number = heapq.heappop(turn)
        chosen.append(queues[number].pop())
        if queues[number]:
            heapq.heappush(turn, (count + 1, tie, number))
    return np.array(chosen, dtype=np.int64)
