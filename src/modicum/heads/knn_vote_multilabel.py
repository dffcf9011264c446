"""Vote of the nearest labelled rows on every label: which labels do the rows have that are most like this one?

The question: a row can carry several labels; what do similar items say? As `KNNVote`, but the share of the votes is
taken for each label by itself, so that shares of a row sum to anything. Labels that go together in the neighbours go
together in the answer, which rules of single labels cannot learn. Do not use it for rare labels, which a handful of
neighbours seldom holds, nor where the rows are too many to be kept with the model.

Paper: "PatentSBERTa: A Deep NLP based Hybrid Model for Patent Distance and Classification using Augmented SBERT"
(Bekamiri et al. 2021). Changed: as in `KNNVote`; log-odds add half a vote on either side, so that they are finite.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_indicators
from modicum.heads.knn_vote import check_voters, vote_shares

CARD = Card(
    name="KNNVoteMultilabel",
    room="heads",
    question="heads",
    summary="Similarity-weighted vote of the nearest labelled rows on each label by itself",
    paper="PatentSBERTa: A Deep NLP based Hybrid Model for Patent Distance and Classification using Augmented SBERT",
    year=2021,
    needs=("labels",),
    cost="O(N M D) to predict from M labelled rows, in chunks of about 64 MB; all M rows are kept",
    tags=("training-free", "incremental", "multi-label"),
    ids=("000-059",),
)

Floats = NDArray[np.floating]


class KNNVoteMultilabel(BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Weighted vote of the k nearest labelled rows on every label by itself.

    Args:
        k: Number of voters; fewer where there are fewer rows.
        scale: How much louder similar rows vote, at least 0; 0 is the plain share.
        threshold: A label is predicted where its share of the votes is above this, 0 to 1.

    Attributes:
        vectors_: Labelled vectors (M, D) of length 1.
        indicators_: Their labels (M, K), 0 or 1.

    Example:
        >>> import numpy as np
        >>> X, Y = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0]]), np.array([[1, 0], [1, 1], [0, 1]])
        >>> KNNVoteMultilabel(k=2).fit(X, Y).predict([[0.0, 1.0]])
        array([[1, 0]])
    """

    def __init__(self, k: int = 10, scale: float = 10.0, threshold: float = 0.5) -> None:
        self.k = k
        self.scale = scale
        self.threshold = threshold

    def __sklearn_tags__(self) -> Tags:
        """Several labels a row are asked for."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output, tags.target_tags.single_output = True, False
        return tags

    def fit(self, X: ArrayLike, Y: ArrayLike) -> Self:
        """Keep vectors (M, D) and their indicator matrix (M, K).

        Raises:
            ValueError: An array has the wrong shape, Y holds anything but 0 and 1, or a setting is out of its range.
        """
        check_voters(self.k, self.scale)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32])
        self.vectors_, self.indicators_ = normalize_rows(rows), check_indicators(Y, rows=len(rows))
        return self

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Share of the votes for each label (N, K), each from 0 to 1."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        weight = np.ones(len(self.vectors_), dtype=rows.dtype)
        return vote_shares(rows, self.vectors_, self.indicators_, weight, self.k, scale=self.scale)

    def scores(self, X: ArrayLike) -> Floats:
        """Log-odds of each label (N, K), finite: half a vote is added on either side."""
        shares = self.predict_proba(X)
        return np.asarray(np.log((self.k * shares + 0.5) / (self.k * (1 - shares) + 0.5)))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:
        """Indicator matrix (N, K) of the predicted labels; a row can have none."""
        return (self.predict_proba(X) > self.threshold).astype(np.int64)
