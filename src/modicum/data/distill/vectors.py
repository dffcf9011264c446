"""Distilled vectors: one made-up row a class, with soft targets, from which a head learns what all rows would teach it.

The question: can a table be handed on, kept or learnt from again as a handful of vectors? On frozen vectors the head
that is learnt from rows by ridge regression has a closed form, f(x) = k(x, S) (k(S, S) + r I)^-1 Y, so that rows S and
targets Y need not be searched for by gradients: any rows that span the directions which the head of all rows looks at
will do, once their targets are set so that the head learnt from them is that very one. The rows are the class means,
seen in these directions. With fewer rows than classes, the head is the best one of that rank. Do not use them for
another kind of head than ridge regression, which makes something else of soft targets, nor as examples to be read:
they are no real rows, and their targets are not probabilities.

Paper: "Self-Supervised Dataset Distillation for Transfer Learning" (Lee et al. 2024): kernel ridge regression as the
head makes the inner problem solvable in closed form. Changed: with a linear kernel the outer problem, which the authors
solve by gradients for images and self-supervised targets, is reduced-rank regression (Izenman 1975), and solvable, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from modicum.core.arrays import class_means
from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="distill_vectors",
    room="data",
    question="distill",
    summary="A few synthetic vectors with soft targets from which ridge regression learns what all rows teach",
    paper="Self-Supervised Dataset Distillation for Transfer Learning",
    year=2024,
    needs=("labels", "vectors"),
    cost="O(N D^2 + D^3)",
    tags=("distillation", "closed form"),
    ids=("003-057",),
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distillate:
    """Synthetic rows and what to learn from them."""

    vectors: Floats
    """Rows (M, D)."""
    targets: Floats
    """Soft targets (M, K)."""
    ridge: float
    """Penalty that the head is to be learnt from them with."""


def distill_vectors(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    points: int | None = None,
    *,
    ridge: float = 0.1,
) -> Distillate:
    """Make a few rows that teach ridge regression what all rows do.

    Args:
        X: Vectors (N, D).
        Y: Targets (N, K): a column of 0 and 1 for each class, or the scores of any linear head, which is then taught.
        points: Rows wanted, M, at most K and D; default one for each class. That many lose nothing.
        ridge: Penalty on the weights of the head, above 0; the same for all rows and for those made.

    Raises:
        InputError: The arrays do not belong together, or as many rows cannot be made.

    Example:
        >>> X, Y = np.array([[1.0, 0.1], [0.9, 0.0], [0.0, 1.0]]), np.array([[1.0, 0], [1.0, 0], [0, 1.0]])
        >>> made = distill_vectors(X, Y)
        >>> (X @ fit_distilled(made)).argmax(axis=1).tolist(), made.vectors.shape
        ([0, 0, 1], (2, 2))
    """
    rows = check_vectors(X).astype(np.float64)
    targets = check_vectors(Y, rows=len(rows), what="targets").astype(np.float64)
    if not ridge > 0:
        raise InputError(f"ridge must be above 0, not {ridge}")
    scatter: Floats = rows.T @ rows + ridge * np.eye(rows.shape[1])
    full = np.asarray(np.linalg.solve(scatter, rows.T @ targets), dtype=np.float64)
    head, basis = _of_rank(full, scatter, points)
    seen = class_means(rows, np.maximum(targets, 0)) @ basis
    # Pivots put the means first that differ most, so that a choice of them still spans all directions.
    chosen = np.sort(qr(seen.T, mode="r", pivoting=True)[1][: basis.shape[1]])
    coordinates = seen[chosen]
    inverse = np.linalg.pinv(coordinates)
    made = coordinates + ridge * inverse.T
    return Distillate(coordinates @ basis.T, made @ (basis.T @ head), ridge)


def fit_distilled(made: Distillate) -> Floats:
    """Weights (D, K) of the head learnt from distilled rows: scores are X @ weights."""
    kernel = made.vectors @ made.vectors.T + made.ridge * np.eye(len(made.vectors))
    return np.asarray(made.vectors.T @ np.linalg.solve(kernel, made.targets))


def _of_rank(full: Floats, scatter: Floats, points: int | None) -> tuple[Floats, Floats]:
    """The best head of a rank, and an orthonormal basis (D, M) of the directions that it looks at."""
    most = min(full.shape)
    wanted = most if points is None else points
    if not 1 <= wanted <= most:
        raise InputError(f"{wanted} rows cannot be made; {most} teach all that {full.shape[1]} targets can be told")
    root = np.linalg.cholesky(scatter)
    _, sizes, right = np.linalg.svd(root.T @ full, full_matrices=False)
    wanted = max(min(wanted, int((sizes > 1e-10 * sizes[0]).sum())), 1)
    loadings = full @ right[:wanted].T
    return loadings @ right[:wanted], np.linalg.qr(loadings)[0]
