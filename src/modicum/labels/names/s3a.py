"""S3A: clusters vote for their names, and a rule is trained on what they settled for.

The question: which of thousands of names are the classes of this table, when nobody labelled a row? Rows are
clustered; in each cluster every row votes for the name most similar to it; the few names with most votes are compared
again with the cluster as a whole, after a function of yours has described them better, if you give one; the winners are
the classes. A softmax rule is trained on the rows with their cluster's name, and its sharpened answers, mixed with
what the names say of each row, train it again. Do not expect more classes than clusters, nor anything where names are
nowhere near the items that bear them.

Paper: "Towards Realistic Zero-Shot Classification via Self Structural Semantic Alignment" (2023; cluster, vote, prompt,
realign, self-train). Changed: the encoder stays frozen and a linear rule is the student; names and rows are compared
centred; describing names by a language model is a function argument, none by default.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from modicum.core.arrays import class_means, normalize_rows, one_hot, softmax
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.core.softmax import fit_softmax

CARD = Card(
    name="s3a",
    room="labels",
    question="names",
    summary="Clusters vote for names out of a broad vocabulary; a rule is self-trained on them",
    paper="Towards Realistic Zero-Shot Classification via Self Structural Semantic Alignment",
    year=2023,
    needs=("names", "unlabelled"),
    cost="O(N (V + iterations * C) D) for V names and C clusters",
    tags=("zero-shot", "clustering", "self-training", "open vocabulary"),
    ids=("004-020",),
)

Describe = Callable[[NDArray[np.int64]], NDArray[np.floating]]
"""From the numbers of rival names (R,) to better vectors of them (R, D)."""
SCALE = 20.0


@dataclass(frozen=True, eq=False)
class Named:
    """The classes that were found."""

    names: NDArray[np.int64]
    """Numbers (C',) of the chosen names in the vocabulary, ascending."""
    proba: NDArray[np.float64]
    """Probabilities (N, C') of the rows, columns in the order of `names`."""

    @property
    def codes(self) -> NDArray[np.int64]:
        """Number of each row's name in the vocabulary (N,)."""
        return np.asarray(self.names[self.proba.argmax(axis=1)])


def s3a(
    X: NDArray[np.floating],
    vocabulary: NDArray[np.floating],
    clusters: int,
    *,
    top: int = 3,
    rounds: int = 2,
    describe: Describe | None = None,
    random_state: int = 0,
) -> Named:
    """Find the classes of a table among many names.

    Args:
        X: Vectors (N, D), N at least `clusters`.
        vocabulary: Vectors (V, D) of the names.
        clusters: Clusters, about as many as classes are expected.
        top: Names with most votes that a cluster is compared with again, 1 to V.
        rounds: Trainings of the rule, at least 1.
        describe: Better vectors for rival names, for instance of descriptions that a language model wrote.
        random_state: Seed of the clusters.

    Returns:
        The names chosen, at most one a cluster, and every row's probabilities.

    Raises:
        InputError: The arrays do not belong together, there are fewer rows than clusters or fewer names than `top`, or
            a setting is below 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X = np.eye(3)[np.arange(30) % 2] + 0.05 * rng.normal(size=(30, 3))
        >>> s3a(X, np.eye(3), 2).names.tolist()
        [0, 1]
    """
    names = check_vectors(vocabulary, what="vocabulary vectors").astype(np.float64)
    rows = check_vectors(X, width=names.shape[1]).astype(np.float64)
    if not 1 <= clusters <= len(rows) or not 1 <= top <= len(names) or rounds < 1:
        raise InputError(
            f"{clusters} clusters and {top} names a cluster from {len(rows)} rows and {len(names)} names in "
            f"{rounds} rounds; give 1 at least, and no more clusters than rows or names a cluster than names"
        )
    unit = normalize_rows(rows - rows.mean(axis=0))
    centre = names.mean(axis=0)
    said = normalize_rows(names - centre)
    member = KMeans(clusters, n_init=3, random_state=random_state).fit_predict(unit)
    chosen = _elected(unit, said, member, clusters, top, _centred(describe, centre))
    kept, column = np.unique(chosen, return_inverse=True)
    return Named(kept, _trained(unit, said[kept], one_hot(column[member], len(kept)), rounds))


def _centred(describe: Describe | None, centre: NDArray[np.floating]) -> Describe | None:
    if describe is None:
        return None
    return lambda rivals: normalize_rows(describe(rivals) - centre)


def _elected(
    unit: NDArray[np.floating],
    said: NDArray[np.floating],
    member: NDArray[np.int64],
    clusters: int,
    top: int,
    describe: Describe | None,
) -> NDArray[np.int64]:
    """Name of each cluster (C,): voted for by its rows, then most similar to its mean; a tie goes to the vote."""
    vote = (unit @ said.T).argmax(axis=1)
    means = normalize_rows(class_means(unit, one_hot(member, clusters)))
    chosen = np.empty(clusters, dtype=np.int64)
    for cluster in range(clusters):
        votes = np.bincount(vote[member == cluster], minlength=len(said))
        rivals = np.argsort(-votes, kind="stable")[:top]
        rivals = rivals[votes[rivals] > 0]
        vectors = said[rivals] if describe is None else describe(rivals)
        support = votes[rivals] / votes.sum()
        chosen[cluster] = rivals[(vectors @ means[cluster] + support).argmax()]
    return chosen


def _trained(
    unit: NDArray[np.floating], said: NDArray[np.floating], targets: NDArray[np.floating], rounds: int
) -> NDArray[np.float64]:
    """Answers (N, C') of a rule trained on clusters' names, then on its own answers mixed with what names say."""
    if targets.shape[1] == 1:
        return np.ones((len(unit), 1))
    row_says = softmax(SCALE * unit @ said.T)
    proba = 0.5 * (targets + row_says)
    for _ in range(rounds):
        W, b = fit_softmax(unit, proba, C=1.0, max_iter=60)
        answers = softmax(unit @ W.T + b)
        sharp = answers**2 / (answers**2).sum(axis=1, keepdims=True)
        proba = (2 * sharp + targets + row_says) / 4
    return np.asarray(answers, dtype=np.float64)
