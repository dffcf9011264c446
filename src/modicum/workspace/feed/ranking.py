"""Ranking from likes: a task of one class with a few positive labels, and everything else without one.

The likes stand against all other papers, of which most are truly of no interest; classes weigh the same. Two unlike
rules are pooled on one scale, each a linear one: on words and pairs of words, and on vectors smoothed over neighbours
(the rungs 1 and 3 of the ladder). A reason comes with each suggestion: the likes it is nearest to, and the phrases
that raised it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.svm import LinearSVC

from modicum.core.arrays import normalize_rows
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.softmax import fit_softmax
from modicum.vectors.shape import NeighbourSmoothing

C_WORDS, C_VECTORS = 0.01, 0.1
"""Inverse strengths of the penalties: strong, for ten likes are few."""
PHRASES, LIKES = 3, 2
"""Phrases and likes that a reason names."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Suggestions:
    """Papers ranked by what a reader likes; the liked ones are left out."""

    rows: Ints
    """Rows (M,), best first."""
    scores: Floats
    """Scores (M,): in standard deviations above the mean paper, of both rules together."""
    likes: Ints
    """Rows (M, L) of the likes that each is nearest to, nearest first."""
    phrases: tuple[tuple[str, ...], ...]
    """Phrases (M) of each that raised it most; none where words did not speak for it."""


def rank_by_likes(texts: Sequence[str], X: NDArray[np.floating], likes: Sequence[int], *, top: int = 50) -> Suggestions:
    """Rank papers by a few likes.

    Args:
        texts: Title and abstract of N papers.
        X: Their vectors (N, D).
        likes: Rows that are liked, at least one.
        top: Suggestions wanted, at least 1; fewer where there are fewer papers.

    Returns:
        Suggestions with their reasons. Cost: O(N D) for each iteration, O(N^2 D) for the neighbours.

    Raises:
        InputError: There is no like, all papers are liked, or a row is not there.

    Example:
        >>> texts = ["lost bank card", "stolen bank card", "rain and wind", "wind and snow", "card lost again"]
        >>> X = np.array([[1, 0.1], [1, 0.2], [0.1, 1], [0.2, 1], [1, 0.0]])
        >>> found = rank_by_likes(texts, X, [0, 1], top=1)
        >>> texts[found.rows[0]], found.phrases[0][0]
        ('card lost again', 'card')
    """
    rows = check_vectors(X, rows=len(texts))
    liked = _checked(likes, len(texts))
    positive = np.isin(np.arange(len(texts)), liked)
    words, names = word_vectors(texts)
    rule = LinearSVC(C=C_WORDS, class_weight="balanced", random_state=0).fit(words, positive)
    weights = np.asarray(rule.coef_[0])
    unit = centred(rows)
    scores = (_standard(np.asarray(words @ weights)) + _standard(vector_scores(unit, positive))) / 2
    order = np.argsort(-np.where(positive, -np.inf, scores), kind="stable")[: min(max(top, 1), len(texts) - len(liked))]
    near = np.argsort(-(unit[order] @ unit[liked].T), axis=1, kind="stable")[:, :LIKES]
    return Suggestions(order, scores[order], liked[near], _phrases(words[order], weights, names))


def word_vectors(texts: Sequence[str]) -> tuple[csr_array, NDArray[np.str_]]:
    """Weights (N, W) of words and pairs of words, rows of length 1, and what they are; rare ones are left out.

    Example:
        >>> word_vectors(["a lost card", "lost cards"])[1].tolist()
        ['card', 'cards', 'lost', 'lost card', 'lost cards']
    """
    counter = TfidfVectorizer(
        stop_words=sorted(ENGLISH_STOP_WORDS), sublinear_tf=True, ngram_range=(1, 2), min_df=2 if len(texts) > 20 else 1
    )
    try:
        return csr_array(counter.fit_transform(texts)), np.asarray(counter.get_feature_names_out(), dtype=str)
    except ValueError:  # raised where no word is left
        return csr_array((len(texts), 1)), np.array([""])


def centred(X: NDArray[np.floating]) -> Floats:
    """Vectors (N, D) about their mean, of length 1: what all papers have in common tells them apart least."""
    return np.asarray(normalize_rows(X - X.mean(axis=0)), dtype=np.float64)


def vector_scores(unit: Floats, positive: NDArray[np.bool_]) -> Floats:
    """Scores (N,) of a linear rule on smoothed vectors, likes against the rest at equal weight."""
    smooth = NeighbourSmoothing().fit(unit).transform(unit)
    weight = np.where(positive, 0.5 / positive.sum(), 0.5 / (~positive).sum()) * len(unit)
    targets = np.stack([~positive, positive], axis=1).astype(np.float64)
    coef, _ = fit_softmax(smooth, targets, sample_weight=weight, C=C_VECTORS)
    return np.asarray(smooth @ (coef[1] - coef[0]), dtype=np.float64)


def _checked(likes: Sequence[int], papers: int) -> Ints:
    liked = np.unique(np.asarray(likes, dtype=np.int64))
    if not 0 < len(liked) < papers:
        raise InputError(f"{len(liked)} of {papers} papers are liked; a ranking needs one at least, and not all")
    if liked[0] < 0 or liked[-1] >= papers:
        raise InputError(f"liked rows must lie in 0..{papers - 1}; found {liked[0]}..{liked[-1]}")
    return liked


def _standard(scores: Floats) -> Floats:
    spread = scores.std()
    return np.asarray((scores - scores.mean()) / (spread if spread > 0 else 1.0))


def _phrases(words: csr_array, weights: Floats, names: NDArray[np.str_]) -> tuple[tuple[str, ...], ...]:
    """The terms of each row that add most to its score, none within another."""
    found = []
    for start, end in zip(words.indptr[:-1], words.indptr[1:], strict=True):
        terms, told = words.indices[start:end], words.data[start:end] * weights[words.indices[start:end]]
        kept: list[str] = []
        for place in np.argsort(-told, kind="stable")[: 6 * PHRASES]:
            name = str(names[terms[place]])
            if told[place] > 0 and len(kept) < PHRASES and not any(name in one or one in name for one in kept):
                kept.append(name)
        found.append(tuple(kept))
    return tuple(found)
