"""Linear bridges: vectors of one encoder in the space of another.

The question: a table was encoded by one model, and queries come from another; can either be had in the other's space
without encoding anew? From rows that both encoders saw, or phrases that both know, a linear map is fitted: by ridge
regression, or as the rotation that brings the two closest. Do not use it where the table can be encoded anew: hashed
queries of banking77 in the space of all-MiniLM-L6-v2 had a nearest row of their class in 0.615 of the cases with 200
shared rows and in 0.786 with 2,000, where that encoder's own had in 0.859 (trec: 0.498, 0.702, 0.570). Where rows have
labels and only classes matter, `stationary_map` asks for no shared row.

Paper: "SITTA: A Semantic Image-Text Alignment for Image Captioning" (Paischer et al. 2023). Changed: the ridge is a
setting; both sides are centred, and results have length 1, for search by cosine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import orthogonal_procrustes

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_choice, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="linear_bridge",
    room="vectors",
    question="shape",
    summary="A linear map from one encoder's space to another's, from rows that both saw",
    paper="SITTA: A Semantic Image-Text Alignment for Image Captioning",
    year=2023,
    needs=("vectors",),
    cost="O(M D (D + E) + D^3) for M shared rows of widths D and E; O(N D E) to cross",
    tags=("alignment", "closed-form"),
    ids=("000-058",),
)


@dataclass(frozen=True, eq=False)
class LinearBridge:
    """A map between two encoders' spaces."""

    source: NDArray[np.float64]
    """Mean (D,) of the shared rows where the bridge begins."""
    map: NDArray[np.float64]
    """Weights (D, E)."""
    target: NDArray[np.float64]
    """Mean (E,) of the shared rows where it ends."""

    def cross(self, X: ArrayLike) -> NDArray[np.float64]:
        """Vectors (N, E) of length 1 in the other space, for vectors (N, D)."""
        rows = check_vectors(X, width=len(self.source)).astype(np.float64, copy=False)
        return np.asarray(normalize_rows((rows - self.source) @ self.map + self.target))


def linear_bridge(X: ArrayLike, Y: ArrayLike, *, kind: str = "ridge", ridge: float = 0.01) -> LinearBridge:
    """The map from the space of X to that of Y.

    Args:
        X: Vectors (M, D) of shared rows by the one encoder.
        Y: Vectors (M, E) of the same rows, in the same order, by the other.
        kind: `ridge` for the regression of Y on X, or `rotation` for the closest map that keeps distances, which takes
            equal widths and fewer rows.
        ridge: Strength of the pull to 0, at least 0, in units of the mean variance of X's columns.

    Raises:
        InputError: The two have other numbers of rows, fewer than two rows, or a setting is out of its range.

    Example:
        >>> import numpy as np
        >>> X = np.random.default_rng(0).normal(size=(20, 2))
        >>> bridge = linear_bridge(X, X[:, ::-1], kind="rotation")
        >>> np.abs(bridge.map).round(6).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    check_choice(kind, ("ridge", "rotation"), "kind of bridge")
    a = check_vectors(X, what="vectors where the bridge begins").astype(np.float64)
    b = check_vectors(Y, rows=len(a), what="vectors where it ends").astype(np.float64)
    if len(a) < 2:
        raise InputError(f"a bridge needs at least 2 rows that both encoders saw, not {len(a)}")
    if ridge < 0:
        raise InputError(f"ridge must be at least 0, not {ridge:g}")
    source, target = a.mean(axis=0), b.mean(axis=0)
    a, b = a - source, b - target
    if kind == "rotation":
        if a.shape[1] != b.shape[1]:
            raise InputError(f"a rotation needs equal widths, not {a.shape[1]} and {b.shape[1]}; take kind 'ridge'")
        return LinearBridge(source, np.asarray(orthogonal_procrustes(a, b)[0]), target)
    gram = a.T @ a
    pull = ridge * float(np.trace(gram)) / len(gram)
    return LinearBridge(source, np.linalg.pinv(gram + pull * np.eye(len(gram)), hermitian=True) @ a.T @ b, target)
