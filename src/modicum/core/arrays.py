"""Numeric helpers that two rooms share. All are pure; none changes its argument."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]


def chunks(rows: int, size: int) -> Iterator[slice]:
    """Yield slices that cut `rows` rows into runs of at most `size`."""
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def normalize_rows(X: Floats) -> Floats:
    """Scale each row of X (N, D) to Euclidean length 1; a row of zeros stays zero."""
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.where(norms > 0, norms, 1))


def fuse(parts: Sequence[Floats], shares: Sequence[float]) -> Floats:
    """Vectors (N, sum of D_i) of length 1 whose cosine is the weighted mean of that of each part (N, D_i).

    Shares are at least 0 and sum to 1. Where a part has a row of zeros, the row is shorter.
    """
    scaled = zip(parts, np.sqrt(shares), strict=True)
    return np.concatenate([normalize_rows(part) * part.dtype.type(weight) for part, weight in scaled], axis=1)


def log_softmax(scores: Floats) -> Floats:
    """Logarithm of the softmax over the last axis of scores (..., K)."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def softmax(scores: Floats) -> Floats:
    """Probabilities (..., K) whose logarithms are the scores (..., K) up to a constant per row."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def log_probabilities(proba: Floats, floor: float = 1e-12) -> Floats:
    """Logarithm of probabilities (N, K), with values under `floor` lifted to it."""
    return np.log(np.maximum(proba, floor))


def entropy(proba: Floats) -> Floats:
    """Shannon entropy in nats of each row of probabilities (N, K): (N,), from 0 (sure) to log K."""
    return np.asarray(-(proba * log_probabilities(proba)).sum(axis=1))


def one_hot(codes: ArrayLike, classes: int) -> NDArray[np.float64]:
    """Indicator matrix (N, K) of integer codes (N,) in 0..K-1."""
    return np.asarray(np.eye(classes)[np.asarray(codes)])


def class_means(X: Floats, Y: Floats) -> Floats:
    """Mean of X (N, D) under each column of non-negative weights Y (N, K): (K, D); a column of zeros gives zeros."""
    totals = Y.sum(axis=0)
    return (Y.T @ X) / np.where(totals > 0, totals, 1)[:, None]
