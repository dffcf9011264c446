"""Removed directions: vectors without what they say along directions that are named, or that all of them share.

The question: a table's vectors tell something that must not count, such as tone, language or a product's name; can it
be taken out? Vectors are projected to the orthogonal complement of the directions' span, or part of the way; the
directions are vectors of phrases, concept directions, or, where none is given, the leading principal components of the
rows. Do not use it where the classes lie along the direction themselves, and the leading components are often such: at
8 labels a class, without three of them softmax regression fell from 0.831 to 0.814 on banking77 and from 0.542 to 0.393
on trec. Nor does it hide an attribute from somebody who looks for it: a trained rule often finds traces elsewhere.

Papers: "DECOR: Decomposition and Projection of Text Embeddings for Text-to-Image Customization" (Jang et al. 2024) for
named directions; "All-but-the-Top: Simple and Effective Postprocessing for Word Representations" (Mu and Viswanath
2018) for the leading components. Changed: applied to one vector per text.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="RemovedDirections",
    room="vectors",
    question="shape",
    summary="Vectors without what they say along named directions, or along those that all share",
    paper="DECOR: Decomposition and Projection of Text Embeddings for Text-to-Image Customization",
    year=2024,
    needs=("vectors",),
    cost="O(N D R) for R directions; O(N D^2 + D^3) to find the leading ones",
    tags=("projection", "debiasing", "closed-form"),
    ids=("000-050",),
)

Floats = NDArray[np.floating]
NOTHING = 1e-6
"""Share of the longest direction under which what a direction adds to the others' span is taken for rounding."""


def span(directions: ArrayLike) -> NDArray[np.float64]:
    """Orthonormal basis (R, D) of the span of directions (M, D), R at most M.

    Raises:
        InputError: There is no direction, or all are zero.

    Example:
        >>> import numpy as np
        >>> np.abs(span([[2.0, 0.0, 0.0], [4.0, 0.0, 0.0]])).tolist()
        [[1.0, 0.0, 0.0]]
    """
    rows = check_vectors(directions, what="directions").astype(np.float64)
    if len(rows) == 0 or not rows.any():
        raise InputError("there is no direction to remove, or all are zero; give vectors of what must not count")
    _, values, basis = np.linalg.svd(rows, full_matrices=False)
    return np.asarray(basis[values > NOTHING * values[0]])


def remove_directions(X: Floats, basis: Floats, *, strength: float = 1.0) -> Floats:
    """Vectors (N, D) less `strength` times their projection to the span of an orthonormal basis (R, D).

    Args:
        X: Vectors (N, D).
        basis: Orthonormal rows (R, D), as `span` gives them.
        strength: 0 changes nothing, 1 removes the span, 2 mirrors at its complement.

    Returns:
        Vectors (N, D), not brought to any length. Cost: O(N D R).

    Example:
        >>> import numpy as np
        >>> remove_directions(np.array([[3.0, 4.0]]), np.array([[1.0, 0.0]])).tolist()
        [[0.0, 4.0]]
    """
    own = basis.astype(X.dtype)
    return np.asarray(X - X.dtype.type(strength) * (X @ own.T) @ own)


class RemovedDirections(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Removal of named directions, or of the mean and the leading principal components.

    Args:
        directions: Vectors (M, D) of what must not count; default the leading components of the rows.
        components: How many of these, where no direction is given, at least 1.
        strength: Share of the projection that is removed.

    Attributes:
        mean_: What is taken from all vectors first (D,): their mean, or zeros where directions are given.
        basis_: Orthonormal basis (R, D) of what is removed.

    Example:
        >>> import numpy as np
        >>> RemovedDirections(directions=[[1.0, 0.0]]).fit_transform([[0.6, 0.8]]).tolist()
        [[0.0, 1.0]]
    """

    def __init__(self, directions: ArrayLike | None = None, components: int = 1, strength: float = 1.0) -> None:
        self.directions = directions
        self.components = components
        self.strength = strength

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Find the directions in vectors (N, D), or check the given ones against them; `y` is ignored.

        Raises:
            ValueError: The vectors are not usable, there is no direction, or a setting is out of its range.
        """
        named = self.directions is not None
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], ensure_min_samples=1 if named else 2)
        if self.directions is not None:
            given = check_vectors(self.directions, width=rows.shape[1], what="directions")
            self.mean_, self.basis_ = np.zeros(rows.shape[1]), span(given)
            return self
        if not 1 <= self.components <= rows.shape[1]:
            raise InputError(f"components must lie in 1..{rows.shape[1]}, not {self.components}")
        self.mean_ = rows.mean(axis=0, dtype=np.float64)
        centred = rows.astype(np.float64) - self.mean_
        vectors = np.linalg.eigh(centred.T @ centred)[1]
        self.basis_ = np.ascontiguousarray(vectors[:, ::-1][:, : self.components].T)
        return self

    def transform(self, X: ArrayLike) -> Floats:
        """Vectors (N, D) of length 1 without the directions; a row that lies along them alone becomes zeros."""
        check_is_fitted(self)
        rows: Floats = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        moved = rows - self.mean_.astype(rows.dtype)
        left = remove_directions(moved, self.basis_, strength=self.strength)
        lengths = np.linalg.norm(left, axis=1, keepdims=True)
        rounding = lengths <= NOTHING * np.linalg.norm(moved, axis=1, keepdims=True)
        return normalize_rows(np.where(rounding, 0, left).astype(rows.dtype, copy=False))
