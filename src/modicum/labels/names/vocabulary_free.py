"""Vocabulary-free naming: what should an item be called when nobody has said which classes there are?

The question: which word names each row? The most similar texts of a corpus are looked up, the words in them are the
candidates, and a candidate is scored by its similarity to the row and to the texts that were found: a row alone is
vague, its neighbourhood is not. Nothing is trained and no list of classes is needed. Do not use the names as classes
before looking at them, because rows of one kind get several words for it; `s3a` gives one name to a cluster.

Paper: "Vocabulary-free Image Classification and Semantic Segmentation" (CaSED, Conti et al. 2023). Changed: the corpus
may be the table itself; candidates are its words and pairs of words less the usual ones; for vectors of any kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_share, check_vectors
from modicum.core.errors import InputError
from modicum.core.nearest import largest_products

CARD = Card(
    name="vocabulary_free",
    room="labels",
    question="names",
    summary="A name for each row from the words of its most similar texts, no classes given",
    paper="Vocabulary-free Image Classification and Semantic Segmentation",
    year=2023,
    needs=("texts", "vectors"),
    cost="O(N (M + V) D) for M texts and V candidates",
    tags=("zero-shot", "training-free", "open vocabulary"),
    ids=("002-054",),
)

CHUNK = 1024


@dataclass(frozen=True, eq=False)
class Words:
    """Candidate names and where they occur."""

    words: tuple[str, ...]
    held: csr_array
    """Indicator (M, V): whether a text holds a word."""


def candidate_words(texts: Sequence[str], *, most: int = 2000, least: int = 2) -> Words:
    """Words, and pairs of words, that may be names: the most frequent, less English function words.

    Args:
        texts: M texts.
        most: Words at most.
        least: Texts that must hold a word.

    Raises:
        InputError: No word is held by so many texts.

    Example:
        >>> candidate_words(["the lost card", "a lost card", "my refund"]).words
        ('card', 'lost', 'lost card')
    """
    counter = CountVectorizer(
        binary=True, stop_words="english", ngram_range=(1, 2), max_features=most, min_df=min(least, max(len(texts), 1))
    )
    try:
        held = csr_array(counter.fit_transform(texts))
    except ValueError as error:  # raised where nothing is left
        raise InputError(f"no word is held by {least} of the {len(texts)} texts; give more texts") from error
    return Words(tuple(map(str, counter.get_feature_names_out())), held)


def vocabulary_free(
    X: NDArray[np.floating],
    corpus: NDArray[np.floating],
    held: csr_array,
    candidates: NDArray[np.floating],
    *,
    nearest: int = 10,
    own: float = 0.7,
) -> NDArray[np.int64]:
    """Name each row.

    Args:
        X: Vectors (N, D) of the rows to name.
        corpus: Vectors (M, D) of the texts to look up.
        held: Indicator (M, V) of the candidates that each text holds.
        candidates: Vectors (V, D) of the candidate names.
        nearest: Texts looked up for a row.
        own: Share of the row's own similarity in the score, 0 to 1; the rest is that of the texts found.

    Returns:
        Candidate number of each row (N,); -1 where no text found holds a candidate.

    Raises:
        InputError: The arrays do not belong together, or a setting is out of range.

    Example:
        >>> held = csr_array(np.array([[1, 0], [0, 1]]))
        >>> vocabulary_free(np.array([[0.9, 0.1]]), np.eye(2), held, np.eye(2), nearest=1).tolist()
        [0]
    """
    texts = check_vectors(corpus, what="corpus vectors")
    rows = check_vectors(X, width=texts.shape[1])
    words = check_vectors(candidates, width=texts.shape[1], what="candidate vectors")
    check_share(own, "own")
    if held.shape != (len(texts), len(words)) or nearest < 1 or len(texts) == 0:
        raise InputError(
            f"{len(texts)} texts and {len(words)} candidates need an indicator of that shape, and 1 nearest"
        )
    unit, named = normalize_rows(texts), normalize_rows(words)
    count = min(nearest, len(texts))
    out = np.empty(len(rows), dtype=np.int64)
    for part in chunks(len(rows), CHUNK):
        block = normalize_rows(rows[part])
        near = largest_products(block, unit, count)[0]
        starts = np.arange(0, near.size + 1, count)
        found = csr_array((np.ones(near.size), near.ravel(), starts), shape=(len(block), len(texts)))
        company = normalize_rows(found @ unit)
        scores = own * block @ named.T + (1 - own) * company @ named.T
        there = (found @ held).toarray() > 0
        best = np.where(there, scores, -np.inf).argmax(axis=1)
        out[part] = np.where(there.any(axis=1), best, -1)
    return out
