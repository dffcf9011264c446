"""Labels made wrong on purpose, so that it is known which are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, normalize_rows, one_hot
from modicum.core.checks import check_codes


def flip_labels(
    codes: NDArray[np.int64],
    classes: int,
    rate: float,
    rng: np.random.Generator,
    *,
    towards: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Labels (N,) of which a share is wrong.

    Args:
        codes: True classes (N,), in 0..classes-1.
        classes: Number of classes K.
        rate: Share of the rows whose label is made wrong, 0 to 1.
        rng: Draws the rows, and their wrong classes.
        towards: The wrong class for each true one (K,); default any other class, all equally likely.

    Example:
        >>> flipped = flip_labels(np.zeros(10, dtype=int), 3, 0.2, np.random.default_rng(0))
        >>> int((flipped != 0).sum())
        2
    """
    codes = check_codes(codes, classes=classes)
    out = codes.copy()
    rows = rng.choice(len(codes), round(rate * len(codes)), replace=False)
    if towards is None:
        out[rows] = (codes[rows] + rng.integers(1, classes, len(rows))) % classes
    else:
        out[rows] = towards[codes[rows]]
    return out


def most_similar_class(X: NDArray[np.floating], codes: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """The other class (K,) whose mean points most nearly the same way, for each class of vectors (N, D).

    Example:
        >>> most_similar_class(np.array([[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]]), np.arange(3), 3).tolist()
        [1, 0, 1]
    """
    means = normalize_rows(class_means(X, one_hot(codes, classes)))
    similarity = means @ means.T
    np.fill_diagonal(similarity, -np.inf)
    return np.asarray(similarity.argmax(axis=1))
