"""Class-based tf-idf: which words does a topic use, and others do not?

The question: what are the topics called, in the words of their own rows? The rows of a topic count as one long text;
a term weighs by its share of that text times the logarithm of how rare it is among all. It takes counts, not texts:
splitting texts into terms belongs to whoever has texts. Do not use it where a topic has a handful of rows (their
accidents become its name), or for one name in plain words (`label_phrases`).

Paper: "BERTopic: Neural topic modeling with a class-based TF-IDF procedure" (Grootendorst 2022). Changed: shares are
damped by a square root by default, as its option `reduce_frequent_words` does, so that frequent words rule less.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.card import Card
from modicum.core.checks import check_codes

CARD = Card(
    name="class_tfidf",
    room="vectors",
    question="topics",
    summary="Weights of terms in each topic, its rows taken as one text",
    paper="BERTopic: Neural topic modeling with a class-based TF-IDF procedure",
    year=2022,
    needs=("texts",),
    cost="O(stored counts + K V)",
    tags=("names", "terms"),
)


def class_tfidf(
    counts: csr_array, codes: NDArray[np.int64], topics: int, *, damped: bool = True
) -> NDArray[np.float64]:
    """Weight (K, V) of each term in each topic, at least 0.

    Args:
        counts: How often each row holds each term (N, V), sparse.
        codes: Topic (N,) of each row, in 0..K-1.
        topics: K.
        damped: Whether the root of a term's share counts, instead of the share.

    Returns:
        Share of the term among the topic's terms, damped or not, times log(1 + A / f): A is the mean number of terms
        of a topic, f how often the term is used in all. Zeros for a topic without terms.

    Raises:
        InputError: Codes do not belong to the counts.

    Example:
        >>> counts = csr_array(np.array([[2, 1, 0], [0, 1, 3]]))
        >>> class_tfidf(counts, np.array([0, 1]), 2, damped=False).round(2).tolist()
        [[0.67, 0.34, 0.0], [0.0, 0.25, 0.58]]
    """
    codes = check_codes(codes, classes=topics, rows=counts.shape[0])
    rows = np.arange(len(codes))
    member = csr_array((np.ones(len(codes)), (codes, rows)), shape=(topics, len(codes)))
    totals = (member @ counts).toarray().astype(np.float64)
    used = totals.sum(axis=0)
    rarity = np.log1p(totals.sum() / topics / np.where(used > 0, used, 1))
    share = totals / np.maximum(totals.sum(axis=1, keepdims=True), 1)
    return np.asarray((np.sqrt(share) if damped else share) * rarity)
