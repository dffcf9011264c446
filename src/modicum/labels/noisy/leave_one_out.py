"""What all other rows say of each row, in closed form: ridge regression on a kernel, each row left out in turn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from modicum.core.arrays import chunks, normalize_rows

Floats = NDArray[np.floating]
CHUNK = 16_384


def leave_one_out(
    X: Floats,
    codes: NDArray[np.int64],
    classes: int,
    *,
    width: float = 0.25,
    ridge: float = 0.2,
    landmarks: int = 1000,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Scores (N, K) of each row by a kernel ridge regression on all the others.

    The kernel is exp(-width * squared distance) of rows of length 1, spanned by some of the rows (Nystrom); leaving
    a row out takes no second fit, because the rule is linear in the labels.

    Args:
        X: Vectors (N, D).
        codes: Labels (N,) in 0..classes-1.
        classes: Number of classes K.
        width: Inverse squared length of the kernel, above 0.
        ridge: Penalty, above 0.
        landmarks: Rows that span the kernel, at most; from N on it is exact.
        rng: Draws them.

    Returns:
        About 1 where the others say the class, about 0 where they do not. Cost: O(N M (D + M + K)) for M landmarks;
        memory O(M (M + K)) in chunks of rows, beside the result.

    Example:
        >>> import numpy as np
        >>> X = np.array([[1.0, 0.0], [1.0, 0.1], [0.1, 1.0], [0.0, 1.0]])
        >>> leave_one_out(X, np.array([0, 0, 1, 1]), 2, rng=np.random.default_rng(0)).argmax(axis=1)
        array([0, 0, 1, 1])
    """
    rows = normalize_rows(np.asarray(X, dtype=np.float64))
    chosen = rows if len(rows) <= landmarks else rows[np.sort(rng.choice(len(rows), landmarks, replace=False))]
    values, basis = np.linalg.eigh(_kernel(chosen, chosen, width))
    keep = values > 1e-10 * values[-1]
    span = basis[:, keep] / np.sqrt(values[keep])
    given = csr_array((np.ones(len(rows)), codes, np.arange(len(rows) + 1)), shape=(len(rows), classes))
    size = span.shape[1] + 1
    gram, cross = np.zeros((size, size)), np.zeros((size, classes))
    for part in chunks(len(rows), CHUNK):
        F = _features(rows[part], chosen, span, width)
        gram += F.T @ F
        cross += (given[part].T @ F).T
    penalty = np.full(size, ridge)
    penalty[-1] = 1e-6
    inverse = np.linalg.inv(gram + np.diag(penalty))
    out = np.empty((len(rows), classes))
    for part in chunks(len(rows), CHUNK):
        F = _features(rows[part], chosen, span, width)
        lever = np.minimum(np.einsum("nm,nm->n", F @ inverse, F), 1 - 1e-6)
        fitted = F @ (inverse @ cross)
        fitted[np.arange(len(F)), codes[part]] -= lever
        out[part] = fitted / (1 - lever)[:, None]
    return out


def _kernel(A: Floats, B: Floats, width: float) -> NDArray[np.float64]:
    return np.asarray(np.exp(-2 * width * (1 - A @ B.T)))


def _features(rows: Floats, chosen: Floats, span: Floats, width: float) -> NDArray[np.float64]:
    """Coordinates in the span, and a constant."""
    return np.hstack([_kernel(rows, chosen, width) @ span, np.ones((len(rows), 1))])
