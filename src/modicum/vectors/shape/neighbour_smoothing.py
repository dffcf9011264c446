"""Neighbour smoothing: move each vector towards the rows that are most like it.

The question: can the shape of the unlabelled table mend single noisy vectors? Each vector is mixed with the weighted
mean of its nearest reference rows, weights growing steeply with similarity, which gathers classes that form dense
clouds. A vector that is itself a reference row is not its own neighbour, so that old and new items are treated alike.
Do not use it where classes cut through clouds (question types, sentiment): it blurs exactly what matters there.

Papers: alpha-weighted query expansion, "Fine-tuning CNN Image Retrieval with No Human Annotation" (Radenovic et al.
2019); the one-step graph form is "Simplifying Graph Convolutional Networks" (Wu et al. 2019). Changed: applied to
rows and class names before classification, with exact search and copies of the item itself left out.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import chunks, normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_share
from modicum.core.errors import InputError
from modicum.core.nearest import largest_products

CARD = Card(
    name="NeighbourSmoothing",
    room="vectors",
    question="shape",
    summary="Mix each vector with the weighted mean of its nearest rows",
    paper="Fine-tuning CNN Image Retrieval with No Human Annotation",
    year=2019,
    needs=("vectors", "unlabelled"),
    cost="O(N R D) for R reference rows, in chunks of about 64 MB",
    tags=("graph", "query expansion", "transductive"),
)

COPY = 1 - 1e-5
"""Cosine similarity from which on a reference row is taken for the item itself."""


def smooth(
    X: NDArray[np.floating],
    reference: NDArray[np.floating],
    *,
    neighbours: int = 10,
    mix: float = 0.5,
    power: float = 4.0,
) -> NDArray[np.floating]:
    """Vectors (N, D) of length 1: (1 - mix) times the vector plus mix times its neighbours' weighted mean.

    Args:
        X: Vectors (N, D).
        reference: Rows (R, D) of length 1 among which neighbours are sought.
        neighbours: Number of neighbours, at least 1; fewer where R is smaller.
        mix: Share of the neighbours, 0 to 1.
        power: Exponent of the cosine similarity in the weights, at least 0; negative similarities weigh nothing.

    Returns:
        Vectors (N, D) in the precision of `reference`; a row without any similar reference stays as it is.
        Cost: O(N R D).

    Raises:
        InputError: A setting is out of its range.

    Example:
        >>> import numpy as np
        >>> reference = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> smooth(np.array([[0.8, 0.6]]), reference, neighbours=1, mix=0.5).round(3).tolist()
        [[0.949, 0.316]]
    """
    check_share(mix, "mix")
    if neighbours < 1 or power < 0:
        raise InputError(f"neighbours must be at least 1 and power at least 0, not {neighbours} and {power}")
    own = normalize_rows(np.asarray(X, dtype=reference.dtype))
    count = min(neighbours, len(reference))
    out = np.empty_like(own)
    for part in chunks(len(own), max(1, 16_000_000 // (count * own.shape[1]))):
        near, similarity = largest_products(own[part], reference, count, most=COPY)
        weight = np.where(similarity > 0, np.maximum(similarity, 0) ** power, 0)
        total = weight.sum(axis=1, keepdims=True)
        weight /= np.where(total > 0, total, 1)
        mean = np.einsum("nk,nkd->nd", weight, reference[near])
        out[part] = np.where(total > 0, (1 - mix) * own[part] + mix * mean, own[part])
    return normalize_rows(out)


class NeighbourSmoothing(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Smoothing over the nearest rows of the table it was fitted on.

    Args:
        neighbours: Number of neighbours, at least 1.
        mix: Share of the neighbours, 0 to 1.
        power: Exponent of the similarity in the weights, at least 0.
        max_reference: Most rows kept as references, drawn at random; they are stored with the model in half precision.
        random_state: Seed of that draw.

    Attributes:
        reference_: Reference rows (R, D) of length 1, float16.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        >>> NeighbourSmoothing(neighbours=1).fit_transform(X).shape
        (3, 2)
    """

    def __init__(
        self,
        neighbours: int = 10,
        mix: float = 0.5,
        power: float = 4.0,
        max_reference: int = 20_000,
        random_state: int | None = 0,
    ) -> None:
        self.neighbours = neighbours
        self.mix = mix
        self.power = power
        self.max_reference = max_reference
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Keep the rows of X (N, D) as references; `y` is ignored."""
        rows: NDArray[np.floating] = validate_data(self, X, dtype=[np.float64, np.float32])
        if len(rows) > self.max_reference:
            drawn = np.random.default_rng(self.random_state).choice(len(rows), self.max_reference, replace=False)
            rows = rows[np.sort(drawn)]
        self.reference_ = normalize_rows(rows).astype(np.float16)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.floating]:
        """Smooth vectors (N, D), of length 1.

        Raises:
            ValueError: The vectors are not usable, or a setting is out of its range.
        """
        check_is_fitted(self)
        rows: NDArray[np.floating] = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        reference = normalize_rows(self.reference_.astype(rows.dtype))
        return smooth(rows, reference, neighbours=self.neighbours, mix=self.mix, power=self.power)
