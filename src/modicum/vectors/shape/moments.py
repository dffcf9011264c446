"""Moments of tokens: what the mean of a text's token vectors leaves out.

The question: two texts can have the same mean vector and differ in how their tokens vary together; can a linear rule
be shown that? Each row's tokens are projected to a few heads of small width, and the cross-covariance of each head
with the next is put beside the mean. Follow it by a linear head (`Linear`): that is the whole of moment probing. It
helps where classes are of form (question types). Do not use it where they are of topic or sentiment, which the mean
tells, on texts of a few words, which have too few tokens for a covariance, or where token vectors are not at hand.

Paper: "Tuning Pre-trained Model via Moment Probing" (Gao et al. 2023: multi-head convolutional cross-covariance).
Changed: nothing is trained, so the projection is that of principal components or drawn at random, and heads are
narrow from the start instead of being shrunk by learnt convolutions; covariances are about the row's own mean by
default; one linear rule on all columns stands for the mean of two; the recalibration of the backbone (MP+) is left out.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import normalize_rows
from modicum.core.card import Card
from modicum.core.checks import check_choice, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="moment_features",
    room="vectors",
    question="shape",
    summary="Mean and cross-covariances of each row's token vectors, side by side",
    paper="Tuning Pre-trained Model via Moment Probing",
    year=2023,
    needs=("vectors",),
    cost="O(T (D + H W) W) for T tokens and H heads of width W, in chunks of about 64 MB",
    tags=("pooling", "second-order", "tokens"),
    ids=("001-099",),
)

Floats = NDArray[np.floating]

NOISE = 1e-3
"""Columns of a covariance shorter than this, where tokens have variance 1, are rounding errors and stay small."""


def token_projection(
    tokens: Floats, size: int, *, kind: str = "pca", rng: np.random.Generator | None = None, most: int = 50_000
) -> NDArray[np.float64]:
    """Orthonormal directions (D, size) to look at tokens (T, D) along.

    Args:
        tokens: Token vectors (T, D), for instance those of the rows at hand.
        size: Number of directions, from 1 to D: heads times width.
        kind: `pca` for those of greatest variance, in an order drawn at random so that heads are alike; `random`.
        rng: Draws the order, the tokens and the random directions; default a generator seeded with 0.
        most: Most tokens to learn from, drawn at random.

    Raises:
        InputError: There are not so many directions, or `kind` is not known.

    Example:
        >>> import numpy as np
        >>> P = token_projection(np.random.default_rng(1).normal(size=(50, 6)), 4)
        >>> np.allclose(P.T @ P, np.eye(4))
        True
    """
    rng = np.random.default_rng(0) if rng is None else rng
    check_choice(kind, ("pca", "random"), "kind of projection")
    width = tokens.shape[1]
    if not 1 <= size <= width:
        raise InputError(f"tokens of width {width} have no {size} directions; take fewer heads or narrower ones")
    if kind == "random":
        return np.asarray(np.linalg.qr(rng.normal(size=(width, size)))[0])
    if len(tokens) > most:
        tokens = tokens[np.sort(rng.choice(len(tokens), most, replace=False))]
    sample = tokens.astype(np.float64)
    _, vectors = np.linalg.eigh(np.cov(sample, rowvar=False, bias=True).reshape(width, width))
    return np.asarray(vectors[:, ::-1][:, :size][:, rng.permutation(size)])


def moment_features(
    tokens: Floats,
    offsets: NDArray[np.int64],
    projection: Floats,
    *,
    heads: int = 4,
    centre: bool = True,
    share: float = 0.5,
) -> Floats:
    """First and second moments of each row's tokens: (N, D + (heads - 1) W²) for a projection to heads times W.

    Tokens are projected, cut into heads and standardised within each head; the cross-covariance of each head with
    the next is taken over the row's tokens, and its columns, save those that vanish, are brought to equal lengths,
    `share` all together. The mean is brought to length 1.

    Args:
        tokens: Token vectors (T, D), those of one row after another.
        offsets: Where rows begin and end (N + 1,): row i holds tokens offsets[i] to offsets[i + 1] - 1.
        projection: Directions (D, heads W).
        heads: Number of heads, at least 2.
        centre: Whether products are about the row's mean, which makes them covariances, or about 0.
        share: Length of the second moments beside the mean's 1, at least 0.

    Returns:
        Features, the mean first, in the precision of `tokens` but single at least; a row without tokens holds zeros,
        and one with a single token has no covariance. Cost: O(T (D + heads W) W), memory in chunks of tokens.

    Raises:
        InputError: Offsets do not run from 0 to T without falling, or the projection does not fit.

    Example:
        >>> import numpy as np
        >>> tokens = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]])
        >>> moment_features(tokens, np.array([0, 2, 3]), np.eye(4), heads=2).shape
        (2, 8)
    """
    tokens = check_vectors(tokens, what="tokens")
    offsets = np.asarray(offsets)
    if offsets.ndim != 1 or len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(tokens):
        raise InputError(f"offsets must run from 0 to the number of tokens, {len(tokens)}")
    if (np.diff(offsets) < 0).any():
        raise InputError("offsets must not fall: row i holds tokens offsets[i] to offsets[i + 1] - 1")
    if heads < 2 or projection.shape[0] != tokens.shape[1] or projection.shape[1] % heads:
        raise InputError(
            f"a projection of shape {projection.shape} does not cut width {tokens.shape[1]} into {heads} heads"
        )
    width = projection.shape[1] // heads
    size = (heads - 1) * width**2
    precision = np.result_type(tokens.dtype, np.float32)
    out = np.zeros((len(offsets) - 1, tokens.shape[1] + size), dtype=precision)
    for part in _row_chunks(offsets, max(1, 8_000_000 // max(size, tokens.shape[1]))):
        own = offsets[part.start : part.stop + 1]
        block, own = tokens[own[0] : own[-1]].astype(precision, copy=False), own - own[0]
        out[part, : tokens.shape[1]] = normalize_rows(_row_means(block, own))
        parts = _standardised_heads(block @ projection.astype(precision), heads)
        if centre:
            means = _row_means(parts.reshape(len(block), heads * width), own)
            parts -= np.repeat(means, np.diff(own), axis=0).reshape(parts.shape)
        out[part, tokens.shape[1] :] = share * _cross_moments(parts, own)
    return out


def _row_chunks(offsets: NDArray[np.int64], most: int) -> list[slice]:
    """Runs of whole rows with about `most` tokens each, at least one row."""
    marks = np.searchsorted(offsets, np.arange(0, offsets[-1], most), side="left")
    edges = np.unique(np.append(np.minimum(marks, len(offsets) - 1), [0, len(offsets) - 1]))
    return [slice(int(a), int(b)) for a, b in pairwise(edges)]


def _row_means(values: Floats, offsets: NDArray[np.int64]) -> Floats:
    """Mean (N, E) over each row's tokens (T, E); zeros for a row without tokens."""
    counts = np.diff(offsets)
    full = np.flatnonzero(counts)
    out = np.zeros((len(counts), values.shape[1]), dtype=values.dtype)
    if len(full):
        out[full] = np.add.reduceat(values, offsets[full], axis=0) / counts[full, None].astype(values.dtype)
    return out


def _standardised_heads(projected: Floats, heads: int) -> Floats:
    """Tokens (T, heads W) cut into heads (T, heads, W), each with mean 0 and variance 1 within itself."""
    parts = projected.reshape(len(projected), heads, projected.shape[1] // heads)
    parts = parts - parts.mean(axis=2, keepdims=True)
    return np.asarray(parts / np.sqrt((parts**2).mean(axis=2, keepdims=True) + 1e-5))


def _cross_moments(parts: Floats, offsets: NDArray[np.int64]) -> Floats:
    """Mean products of each head with the next (N, (heads - 1) W²); columns of equal length, 1 all together."""
    _, heads, width = parts.shape
    products = parts[:, :-1, :, None] * parts[:, 1:, None, :]
    means = _row_means(products.reshape(len(parts), (heads - 1) * width**2), offsets)
    blocks = means.reshape(len(means), heads - 1, width, width)
    lengths = np.maximum(np.linalg.norm(blocks, axis=2, keepdims=True), NOISE)
    return np.asarray((blocks / (lengths * np.sqrt((heads - 1) * width))).reshape(means.shape))
