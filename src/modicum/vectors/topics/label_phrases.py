"""Names by nearest phrases: which of its rows' phrases lies closest to a topic, and far from the others?

The question: what is a topic called, in a phrase that a person would write on a folder? Phrases that occur in a topic
are embedded by the encoder of its rows; one scores by its cosine to the topic's centre less its mean cosine to all
centres, and phrases are handed out so that the sum of scores is largest and no two topics share one. Do not use it
without the rows' own encoder, or where rows are not texts.

Paper: "Top2Vec: Distributed Representations of Topics" (Angelov 2020: the words nearest to a topic's vector). Changed:
phrases of the topic's own rows instead of all words of the table; less the mean over topics, so that what all topics
share names none; one to one by the assignment problem.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="label_phrases",
    room="vectors",
    question="topics",
    summary="For each topic the phrase of its own rows that lies nearest to it and far from others",
    paper="Top2Vec: Distributed Representations of Topics",
    year=2020,
    needs=("vectors", "texts"),
    cost="O(K P D) for P phrases, and O(K^2 P) for handing them out",
    tags=("names", "phrases"),
)

Floats = NDArray[np.floating]


def label_phrases(centres: Floats, phrases: Floats, held: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """Phrase (K,) of each topic, and all scores (K, P).

    Args:
        centres: Centres (K, D) of the topics.
        phrases: Vectors (P, D) of the phrases.
        held: Mask (K, P): whether the topic's rows hold the phrase often enough to be named by it.

    Returns:
        Number of the phrase, distinct where it is not -1, which says that none was left; and cosine to the topic
        less the mean cosine to all topics.

    Raises:
        InputError: The arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> label_phrases(np.eye(2), np.array([[0.9, 0.1], [0.5, 0.4]]), np.ones((2, 2), bool))[0].tolist()
        [0, 1]
    """
    middle = check_vectors(centres, what="centres")
    words = check_vectors(phrases, width=middle.shape[1], what="phrase vectors")
    if held.shape != (len(middle), len(words)):
        raise InputError(f"{len(middle)} topics and {len(words)} phrases need a mask of that shape, not {held.shape}")
    similarity = normalize_rows(middle) @ normalize_rows(words).T
    scores = similarity - similarity.mean(axis=0)
    # What a topic does not hold costs more than all it could gain, so it is handed out only where nothing else is left.
    rows, columns = linear_sum_assignment(np.where(held, scores, -4.0 * len(middle)), maximize=True)
    out = np.full(len(middle), -1, dtype=np.int64)
    out[rows] = np.where(held[rows, columns], columns, -1)
    return out, scores
