"""Mean of the nearest rows: which number do the rows have that are most like this one?

The question: what do similar items say, when the target is a number that is no straight line in the vectors? The
weighted mean of the k labelled rows of highest cosine similarity is the answer, the more similar the louder. Nothing
is trained, rows can be added at any time, answers never leave the range of the targets, and the neighbours explain
them. Do not use it for the smallest error where a linear rule holds: `Ridge` makes more of each row; nor where the
rows are too many to be kept with the model.

Papers: "On Estimating Regression" (Nadaraya 1964) for the weighted mean; "Nearest Neighbor Pattern Classification"
(Cover & Hart 1967) for the neighbours. Changed: weights are exp(scale * similarity) on cosine similarities, as in
`KNNVote`, whose search it shares.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.heads.knn_vote import BLOCK, nearest_rows

CARD = Card(
    name="KNNRegression",
    room="heads",
    question="heads",
    summary="Similarity-weighted mean of the nearest labelled rows, for targets that are numbers",
    paper="On Estimating Regression",
    year=1964,
    needs=("labels",),
    cost="O(N M D) to predict from M labelled rows, in chunks of about 32 MB; all M rows are kept",
    tags=("regression", "training-free", "incremental"),
)

Floats = NDArray[np.floating]


def neighbour_mean(X: Floats, reference: Floats, values: Floats, *, k: int = 10, scale: float = 10.0) -> Floats:
    """Weighted mean of the targets of each row's most similar reference rows.

    Args:
        X: Vectors (N, D).
        reference: Labelled vectors (M, D) of length 1.
        values: Their targets (M,).
        k: Number of neighbours, at least 1; fewer where there are fewer rows.
        scale: A neighbour weighs exp(scale * (similarity - that of the nearest)); 0 gives all the same weight.

    Returns:
        Means (N,), between the least and the largest target. Cost: O(N M D).

    Example:
        >>> import numpy as np
        >>> neighbour_mean(np.array([[1.0, 0.1]]), np.eye(2), np.array([3.0, 5.0]), k=1).tolist()
        [3.0]
    """
    out = np.empty(len(X), dtype=np.float64)
    for part in chunks(len(X), max(1, BLOCK // len(reference))):
        near, similarity = nearest_rows(X[part], reference, min(k, len(reference)))
        weight = np.exp(scale * (similarity - similarity[:, :1]).astype(np.float64))
        out[part] = (weight * values[near]).sum(axis=1) / weight.sum(axis=1)
    return out


class KNNRegression(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Weighted mean of the k nearest labelled rows.

    Args:
        k: Number of neighbours; fewer where there are fewer rows.
        scale: How much louder similar rows count, at least 0; 0 is the plain mean.

    Attributes:
        vectors_: Labelled vectors (M, D) of length 1.
        values_: Their targets (M,).

    Example:
        >>> import numpy as np
        >>> X = np.array([[0.0, 1.0], [0.1, 1.0], [1.0, 0.0]])
        >>> KNNRegression(k=2, scale=0.0).fit(X, [1.0, 2.0, 9.0]).predict([[0.0, 1.0]])
        array([1.5])
    """

    def __init__(self, k: int = 10, scale: float = 10.0) -> None:
        self.k = k
        self.scale = scale

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Keep vectors (M, D) and their numbers (M,).

        Raises:
            ValueError: An array has the wrong shape or holds NaN, or a setting is out of its range.
        """
        if self.k < 1 or self.scale < 0:
            raise InputError(f"k must be at least 1 and scale at least 0, not {self.k} and {self.scale:g}")
        rows, values = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=True)
        self.vectors_, self.values_ = normalize_rows(rows), np.asarray(values, dtype=np.float64)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Numbers (N,)."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray(neighbour_mean(rows, self.vectors_, self.values_, k=self.k, scale=self.scale))

    def scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Numbers as one column (N, 1)."""
        return self.predict(X)[:, None]
