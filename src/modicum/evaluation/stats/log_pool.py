"""Log-linear pool with stacked weights: how much should each of several unlike recipes be believed?

The question: several recipes give probabilities, few labels say which is best. The pool multiplies their
probabilities, each raised to its share, and normalises; the shares are those that would have given the held-out
labels the least log-loss, held back by a penalty for leaving the prior shares. With no evidence the prior comes back
exactly. Do not use it on probabilities that are not on one scale: a sharper member would outvote the others.

Papers: "Combining Probability Distributions: A Critique and an Annotated Bibliography" (Genest & Zidek 1986) for the
pool; "Stacked Generalization" (Wolpert 1992) for weights from held-out predictions. Changed: a divergence of a
stated number of nats from prior shares keeps few labels from deciding alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_softmax
from modicum.core.card import Card

CARD = Card(
    name="pool_weights",
    room="evaluation",
    question="stats",
    summary="Shares of recipes in a log-linear pool, from held-out log-loss shrunk towards prior shares",
    paper="Stacked Generalization",
    year=1992,
    needs=("labels", "probabilities"),
    cost="O(M N K) per step, at most 300 steps, for M members",
    tags=("stacking", "pooling", "ensemble"),
)

Floats = NDArray[np.floating]


def log_pool(log_proba: Floats, weights: Floats) -> Floats:
    """Normalised log-probabilities (N, K) of the log-linear pool of members (M, N, K) with shares (M,).

    Example:
        >>> import numpy as np
        >>> members = np.log([[[0.9, 0.1]], [[0.1, 0.9]]])
        >>> np.exp(log_pool(members, np.array([0.5, 0.5]))).round(6).tolist()
        [[0.5, 0.5]]
    """
    return log_softmax(np.tensordot(weights, log_proba, axes=1))


def pool_weights(
    log_proba: Floats,
    codes: NDArray[np.int64],
    prior: Floats,
    *,
    strength: float = 5.0,
    row_weight: Floats | None = None,
    steps: int = 300,
) -> Floats:
    """Shares of the members that minimise held-out log-loss plus `strength` times the divergence from `prior`.

    Args:
        log_proba: Held-out log-probabilities (M, N, K) of M members.
        codes: True classes (N,).
        prior: Shares (M,) believed before any evidence; above 0, sum 1.
        strength: Nats of log-loss, summed over rows, that one nat of divergence is worth; at least 0.
        row_weight: Weight of each row (N,); default 1.
        steps: Most steps of exponentiated gradient; the objective is convex.

    Returns:
        Shares (M,), at least 0, sum 1. With no rows, the prior.

    Example:
        >>> import numpy as np
        >>> right, wrong = np.log([[0.9, 0.1]] * 50), np.log([[0.1, 0.9]] * 50)
        >>> shares = pool_weights(np.stack([right, wrong]), np.zeros(50, int), np.array([0.5, 0.5]))
        >>> bool(shares[0] > 0.9)
        True
    """
    weights = np.asarray(prior, dtype=np.float64)
    if len(codes) == 0:
        return weights
    row = np.ones(len(codes)) if row_weight is None else np.asarray(row_weight, dtype=np.float64)
    truth = log_proba[:, np.arange(len(codes)), codes]
    total = row.sum() + strength
    rate, last, held = 1.0, np.inf, weights
    for _ in range(steps):
        pooled = log_pool(log_proba, weights)
        loss = -float(row @ pooled[np.arange(len(codes)), codes])
        ratio = np.log(np.maximum(weights, 1e-300) / prior)
        value = (loss + strength * float(weights @ ratio)) / total
        if value > last:
            weights, rate = held, rate / 2
            if rate < 1e-4:
                break
            last = np.inf
            continue
        if last - value < 1e-9:
            break
        last, held = value, weights
        expected = np.einsum("nk,mnk,n->m", np.exp(pooled), log_proba, row)
        slope = (expected - truth @ row + strength * (ratio + 1)) / total
        moved = np.log(np.maximum(weights, 1e-300)) - rate * (slope - weights @ slope)
        weights = np.exp(moved - moved.max())
        weights /= weights.sum()
    return weights
