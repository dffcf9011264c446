"""Topics: groups of similar rows, every row in one, at any level of a tree.

The question: what is this table about? Rows are merged into Ward's tree by the directions of their vectors, the tree
is cut where two halves of the rows agree on the groups and these tell most (`topic_count`), or where the user says,
and a few steps of spherical k-means let each row choose the nearest centre. No row is left out: how far it lies from
its centre is a figure, not a verdict. Do not use it where classes are known (fit a head), or where groups are chains
and rings rather than clouds.

Paper: "Hierarchical Grouping to Optimize an Objective Function" (Ward 1963); the steps after it are those of "Concept
Decompositions for Large Sparse Text Data Using Clustering" (Dhillon and Modha 2001). Changed: vectors of length 1;
tables of over 4,000 rows are first gathered into points that stand for several rows; the number of topics is found.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.vectors.topics.leaves import ROWS, group_sums, leaves, nearest, refined
from modicum.vectors.topics.topic_count import CountFound, topic_count
from modicum.vectors.topics.ward import cut_tree, ward_tree

CARD = Card(
    name="Topics",
    room="vectors",
    question="topics",
    summary="Groups of similar rows, every row in one, at any level of a tree",
    paper="Hierarchical Grouping to Optimize an Objective Function",
    year=1963,
    needs=("vectors",),
    cost="O(N K D) for K topics and O(M^2 D) for M leaves; memory O(M^2), in chunks of rows",
    tags=("clustering", "hierarchy", "exploration"),
)

Floats = NDArray[np.floating]
LEAVES, FEW_LEAVES = 4_000, 2_000
"""Rows up to which each is a leaf of the tree, and leaves of a larger table."""
SAMPLE = 50_000
"""Rows from which centres are learnt at most."""


def find_topics(X: Floats, rng: np.random.Generator, *, count: int | None = None) -> tuple[Floats, CountFound | None]:
    """Centres (K, D) of length 1, the largest topic's first, for vectors (N, D) of which only directions count.

    Args:
        X: Vectors (N, D) without rows of zeros, N at least 1.
        rng: Draws rows of large tables.
        count: Number of topics, at most N; None has it found. There are fewer where rows are copies of one another.

    Returns:
        Centres, and how the count was found; None where it was given.

    Raises:
        InputError: More topics are asked for than there are rows.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> find_topics(X, np.random.default_rng(0), count=2)[0].round(1).tolist()
        [[1.0, 0.1], [0.0, 1.0]]
    """
    if count is not None and not 1 <= count <= len(X):
        raise InputError(f"{count} topics were asked for of {len(X)} rows; ask for 1 to {len(X)}")
    found = topic_count(X, rng) if count is None else None
    groups = count or (found.count if found else 1)
    sample = X if len(X) <= SAMPLE else X[np.sort(rng.choice(len(X), SAMPLE, replace=False))]
    sample = normalize_rows(np.asarray(sample))
    most = max(FEW_LEAVES, groups) if len(sample) > LEAVES else LEAVES
    points, mass = leaves(sample, most, rng)
    codes = cut_tree(ward_tree(points, mass), min(groups, len(points)))
    start = normalize_rows(group_sums(points * mass[:, None].astype(points.dtype), codes, int(codes.max()) + 1))
    centres, codes = refined(sample, nearest(sample, start))
    return centres[np.argsort(-np.bincount(codes), kind="stable")], found


class Topics(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Groups of similar rows.

    Args:
        n_topics: Number of topics; None has it found.
        random_state: Seed of drawn rows and splits.

    Attributes:
        labels_: Topic of each row (N,), 0..K-1, the largest first.
        centres_: Centres (K, D) of length 1.
        merges_: Ward's tree of the topics (K - 1, 4), as scipy's linkage has it.
        found_: How the number was found, a `CountFound`; None where it was given.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.8], [0.2, 1.0]])
        >>> topics = Topics(n_topics=2).fit(X)
        >>> topics.labels_.tolist(), topics.cut(1).tolist()
        ([1, 1, 0, 0, 0], [0, 0])
    """

    def __init__(self, n_topics: int | None = None, random_state: int | None = 0) -> None:
        self.n_topics = n_topics
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the topics of vectors (N, D); rows of zeros have no direction, teach nothing and get the first topic.

        Raises:
            ValueError: The vectors are not usable, or more topics are asked for than there are rows.
        """
        rows: Floats = validate_data(self, X, dtype=[np.float32, np.float64])
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        blank = _blank(rows)
        taught = rows[~blank] if blank.any() else rows
        if len(taught) == 0:
            raise InputError("all vectors are zero, which tells no topics; give texts that are not empty")
        self.centres_, self.found_ = find_topics(taught, rng, count=self.n_topics)
        self.labels_ = self._nearest(rows)
        sizes = np.maximum(np.bincount(self.labels_, minlength=len(self.centres_)), 1)
        self.merges_ = ward_tree(self.centres_, sizes)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Topic (N,) of vectors (N, D): that of the most similar centre."""
        check_is_fitted(self)
        return self._nearest(validate_data(self, X, dtype=[np.float32, np.float64], reset=False))

    def cut(self, count: int) -> NDArray[np.int64]:
        """Group (K,) of each topic where the tree is cut into `count` groups, 1 to K.

        Raises:
            InputError: There are not as many topics.
        """
        check_is_fitted(self)
        if not 1 <= count <= len(self.centres_):
            raise InputError(f"{len(self.centres_)} topics cannot be cut into {count} groups")
        return cut_tree(self.merges_, count)

    def _nearest(self, rows: Floats) -> NDArray[np.int64]:
        return nearest(rows, self.centres_.astype(rows.dtype, copy=False))


def _blank(X: Floats) -> NDArray[np.bool_]:
    """Mask (N,) of the rows of zeros."""
    out = np.empty(len(X), dtype=bool)
    for part in chunks(len(X), ROWS):
        out[part] = ~X[part].any(axis=1)
    return out
