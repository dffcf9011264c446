"""Terms and their neighbours: which words and phrases of this table stand for like things?

The question: what is the vocabulary of a field, as a map of its terms rather than of its texts? A term, of one word or
several, gets the mean vector of the rows that hold it, rows of few terms counting more, less the mean of all terms; two
terms are joined where each is among the nearest of the other. It takes counts, so that whoever has the texts decides
what a term is. Do not use it for terms of under five rows, whose means are accidents, or for synonyms in the strict
sense: terms that are used of the same matters are neighbours, opposites among them.

Paper: "Distributional semantic modeling: a revised technique to train term/word vector space models applying the
ontology-related approach" (Palagin et al. 2020). Changed: no word vectors are trained; a term stands where the frozen
vectors of its rows stand, so that a few hundred rows are enough; the graph is of mutual neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="term_graph",
    room="vectors",
    question="topics",
    summary="Vectors of words and phrases from the rows that hold them, and who is whose neighbour",
    paper="Distributional semantic modeling: a revised technique to train term/word vector space models applying the "
    "ontology-related approach",
    year=2020,
    needs=("vectors", "texts"),
    cost="O(stored counts D + V^2 D) for V terms, in chunks of terms",
    tags=("terms", "graph"),
    ids=("000-039",),
)

TERMS = 1_024
"""Terms whose similarities are held at a time."""


@dataclass(frozen=True, eq=False)
class TermGraph:
    """Terms as vectors and as the nodes of a graph."""

    vectors: NDArray[np.float64]
    """Vectors (V, D) of length 1; zeros for a term that no row holds."""
    edges: NDArray[np.int64]
    """Pairs of terms (E, 2), the lower number first, ascending."""
    similarity: NDArray[np.float64]
    """Their cosines (E,), above 0."""


def term_graph(counts: csr_array, X: NDArray[np.floating], *, neighbours: int = 5) -> TermGraph:
    """Vectors of terms and their graph of mutual neighbours.

    Args:
        counts: How often each row holds each term (N, V), sparse; only whether it does counts.
        X: Vectors (N, D) of the rows, of which only the directions count.
        neighbours: Terms nearest to a term that may be joined to it, at least 1.

    Raises:
        InputError: The arrays do not belong together, or there is no neighbour to seek.

    Example:
        >>> import numpy as np
        >>> held = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]))
        >>> term_graph(held, np.eye(2)[[0, 0, 1, 1]], neighbours=1).edges.tolist()
        [[0, 1], [2, 3]]
    """
    rows = check_vectors(X, rows=counts.shape[0])
    if neighbours < 1:
        raise InputError(f"neighbours must be at least 1, not {neighbours}")
    held = (csr_array(counts) > 0).astype(np.float64)
    share = 1 / np.maximum(held.sum(axis=1), 1)
    sums = (held.T.tocsr() * share[None, :]) @ normalize_rows(rows.astype(np.float64))
    used = np.asarray(held.sum(axis=0)).ravel() > 0
    means = normalize_rows(np.asarray(sums))
    middle = means[used].mean(axis=0) if used.any() else 0.0
    vectors = np.where(used[:, None], normalize_rows(means - middle), 0)
    near, similarity = _nearest(vectors, min(neighbours, max(len(vectors) - 1, 0)))
    place = np.repeat(np.arange(len(vectors)), near.shape[1])
    chosen = csr_array((np.ones(near.size), (place, near.ravel())), shape=(len(vectors),) * 2)
    closeness = csr_array((similarity.ravel(), (place, near.ravel())), shape=(len(vectors),) * 2)
    mutual = (closeness * (chosen * chosen.T)).tocoo()
    found = np.flatnonzero((mutual.row < mutual.col) & (mutual.data > 0))
    found = found[np.lexsort((mutual.col[found], mutual.row[found]))]
    edges = np.stack([mutual.row[found], mutual.col[found]], axis=1).astype(np.int64)
    return TermGraph(vectors, edges, np.asarray(mutual.data[found], dtype=np.float64))


def _nearest(vectors: NDArray[np.float64], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The `count` other terms nearest to each (V, count), and their cosines."""
    near = np.empty((len(vectors), count), dtype=np.int64)
    similarity = np.empty((len(vectors), count))
    for part in chunks(len(vectors), TERMS):
        block = vectors[part] @ vectors.T
        block[np.arange(len(block)), np.arange(part.start, part.stop)] = -np.inf
        near[part] = np.argsort(-block, axis=1, kind="stable")[:, :count]
        similarity[part] = np.take_along_axis(block, near[part], axis=1)
    return near, similarity
