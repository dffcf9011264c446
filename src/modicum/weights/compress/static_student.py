"""A static student: vectors of word pieces from which the sums over a text reproduce what a costly teacher says of it.

The question: how much of an encoder, or of a scorer of pairs, fits into a table that needs a hundredth of the time?
The table that the encoder has by itself is turned into the teacher's space, and then each piece is moved, by ridge
regression on unlabelled texts, to where the mean of a text's pieces lies at the teacher's vector; pieces that no text
holds stay. Scores of pairs become vectors first, whose inner products are the scores, so that texts can be embedded
beforehand and compared by a product. Do not use it where word order decides, nor for texts unlike those it saw.

Paper: "Scalable Attentive Sentence-Pair Modeling via Distilled Sentence Embedding" (Barkan et al. 2020). Changed: the
student is a table instead of an encoder, and its score a cosine, so that it is found in closed form; scores are asked
for against landmarks instead of for labelled pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, diags_array

from modicum.core.card import Card
from modicum.core.checks import check_codes, check_vectors
from modicum.core.errors import InputError
from modicum.encoders import StaticEncoder

CARD = Card(
    name="static_student",
    room="weights",
    question="compress",
    summary="Vectors of word pieces that reproduce an encoder, or a scorer of pairs, on unlabelled texts",
    paper="Scalable Attentive Sentence-Pair Modeling via Distilled Sentence Embedding",
    year=2020,
    needs=("texts", "unlabelled", "vectors"),
    cost="O(T D) a round for T word pieces in the texts, after O(N E^2) once for tables E wide",
    tags=("distillation", "closed form"),
    ids=("002-063",),
)

Floats = NDArray[np.floating]
PENALTY = 0.3
ROUNDS = 100
"""Rounds of conjugate gradients at most."""
EXACT = 1e-6
"""Share of the first residual at which they end."""
LEAST = 1e-6
"""Share of the largest eigenvalue under which a direction of the scores is noise."""


def static_student(
    static: StaticEncoder, texts: Sequence[str], vectors: ArrayLike, *, penalty: float = PENALTY
) -> NDArray[np.float32]:
    """A table for `write_table`, after which the encoder's static mode answers with it.

    Args:
        static: The static mode of the encoder, whose own table is the start.
        texts: N texts, of the kind it will be used for: some thousands.
        vectors: What the teacher makes of them (N, D): vectors of the encoder, adapted or not, or `score_vectors`.
        penalty: Above 0; how many texts of one piece hold a piece where it was.

    Returns:
        Vectors (V, D) of all word pieces; the static vectors of texts are as wide as the teacher's then.

    Raises:
        InputError: The vectors do not fit the texts, or the penalty is not above 0.

    Example:
        >>> from types import SimpleNamespace
        >>> words = SimpleNamespace(table=np.eye(2), counts=lambda texts: csr_array(np.array([[1, 0], [0, 2]])))
        >>> static_student(words, ["pin", "card card"], [[0.0, 1.0], [1.0, 0.0]]).round(3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    wanted = check_vectors(vectors, rows=len(texts)).astype(np.float64, copy=False)
    if not len(wanted):
        raise InputError("a table is learnt from texts; there is none")
    means = _means(static.counts(texts))
    start = np.asarray(static.table, dtype=np.float64)
    seen = means @ start
    turned = start @ np.linalg.lstsq(seen, wanted, rcond=None)[0]
    return np.asarray(turned + ridge(means, wanted - means @ turned, penalty), dtype=np.float32)


def _means(counts: csr_array) -> csr_array:
    """Shares of a text's pieces; a text without any has none."""
    sizes = np.asarray(counts.sum(axis=1), dtype=np.float64)
    return csr_array(diags_array(1 / np.maximum(sizes, 1)) @ counts)


def ridge(A: csr_array, Y: Floats, penalty: float) -> NDArray[np.float64]:
    """The W (V, D) of least |A W - Y|^2 + penalty |W|^2, by conjugate gradients on all columns at once.

    Args:
        A: Inputs (N, V), sparse: V may be large, and inputs that are zero everywhere get zero.
        Y: Outputs (N, D).
        penalty: Above 0.

    Cost: O((entries of A + V) D) a round, some tens of rounds; memory for four arrays (V, D).

    Raises:
        InputError: The penalty is not above 0.

    Example:
        >>> ridge(csr_array(np.diag([1.0, 2.0, 0.0])), np.ones((3, 1)), 1.0).ravel().round(3).tolist()
        [0.5, 0.4, 0.0]
    """
    if not penalty > 0:
        raise InputError(f"the penalty must be above 0, not {penalty}")
    W = np.zeros((A.shape[1], Y.shape[1]))
    rest = A.T @ np.asarray(Y, dtype=np.float64)
    step = rest.copy()
    size = np.square(rest).sum(axis=0)
    enough = EXACT**2 * np.maximum(size, np.finfo(np.float64).tiny)
    for _ in range(ROUNDS):
        if (size <= enough).all():
            break
        image = A.T @ (A @ step) + penalty * step
        length = size / np.maximum((step * image).sum(axis=0), np.finfo(np.float64).tiny)
        W += length * step
        rest -= length * image
        before, size = size, np.square(rest).sum(axis=0)
        step = rest + size / np.maximum(before, np.finfo(np.float64).tiny) * step
    return W


def score_vectors(scores: ArrayLike, landmarks: ArrayLike) -> NDArray[np.float64]:
    """Vectors whose inner products are the scores of pairs, exactly for pairs with a landmark where such vectors exist.

    This is Nystrom's method: the directions of the scores among landmarks, negative ones left out, and all texts
    projected on them.

    Args:
        scores: Score (N, L) of each text beside each landmark: a costly scorer's, higher for those more alike.
        landmarks: Row (L,) of each landmark among the N texts; some hundreds that differ.

    Returns:
        Vectors (N, R), R at most L. Cost: O(L^3 + N L^2).

    Raises:
        InputError: The shapes do not fit, or no direction of the scores is positive.

    Example:
        >>> X = np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
        >>> Z = score_vectors(X @ X[:2].T, [0, 1])
        >>> np.allclose(Z @ Z.T, X @ X.T)
        True
    """
    table = check_vectors(scores, what="scores").astype(np.float64, copy=False)
    rows = check_codes(landmarks, classes=len(table), rows=table.shape[1], what="landmarks")
    among = (table[rows] + table[rows].T) / 2
    values, directions = np.linalg.eigh(among)
    kept = values > LEAST * max(float(np.abs(values).max(initial=0)), np.finfo(np.float64).tiny)
    if not kept.any():
        raise InputError("the scores say of no two texts that they are alike; give scores that are higher for those")
    return np.asarray(table @ directions[:, kept] / np.sqrt(values[kept]))
