"""Pool of recipes with stacked weights: how much should each of several unlike recipes be believed?

The question: several recipes give probabilities, few labels say which is best. The log-linear pool multiplies their
probabilities, each raised to its share, and normalises (the linear pool averages them); the shares are those that
would have given the held-out labels the least log-loss, held back by a penalty for leaving the prior shares. With no
evidence the prior comes back exactly. Do not use it on probabilities that are not on one scale: a sharper member would
outvote the others.

Papers: "Combining Probability Distributions: A Critique and an Annotated Bibliography" (Genest & Zidek 1986) for the
pools; "Stacked Generalization" (Wolpert 1992) and "Stacked Regressions" (Breiman 1996) for weights on the simplex from
held-out predictions. Changed: a divergence of a stated number of nats from prior shares keeps few labels from deciding
alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import chunks, log_softmax
from modicum.core.card import Card
from modicum.core.checks import check_choice, check_codes
from modicum.core.errors import InputError

CARD = Card(
    name="pool_weights",
    room="evaluation",
    question="stats",
    summary="Shares of recipes in a log-linear pool, from held-out log-loss shrunk towards prior shares",
    paper="Stacked Generalization",
    year=1992,
    needs=("labels", "probabilities"),
    cost="O(M N K) per step, at most 200 steps, for M members; memory in chunks",
    tags=("stacking", "pooling", "ensemble"),
)

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
POOLS = ("log-linear", "linear")
STEPS = 200
CHUNK = 1 << 21
"""Log-probabilities (M, n, K) looked at together: 16 MiB."""


def log_pool(log_proba: Floats, weights: Floats) -> Floats:
    """Normalised log-probabilities (N, K) of the log-linear pool of members (M, N, K) with shares (M,).

    Example:
        >>> import numpy as np
        >>> members = np.log([[[0.9, 0.1]], [[0.1, 0.9]]])
        >>> np.exp(log_pool(members, np.array([0.5, 0.5]))).round(6).tolist()
        [[0.5, 0.5]]
    """
    return log_softmax(np.tensordot(weights, log_proba, axes=1))


def linear_pool(log_proba: Floats, weights: Floats) -> Floats:
    """Log-probabilities (N, K) of the mean of members (M, N, K) with shares (M,) that sum to 1.

    Example:
        >>> import numpy as np
        >>> members = np.log([[[0.9, 0.1]], [[0.5, 0.5]]])
        >>> np.exp(linear_pool(members, np.array([0.5, 0.5]))).round(6).tolist()
        [[0.7, 0.3]]
    """
    pooled = np.full(log_proba.shape[1:], -np.inf)
    for member in np.flatnonzero(weights > 0):
        pooled = np.logaddexp(pooled, log_proba[member] + np.log(weights[member]))
    return pooled


def pool_weights(
    log_proba: Floats,
    codes: Ints,
    prior: Floats,
    *,
    strength: float = 5.0,
    row_weight: Floats | None = None,
    pool: str = "log-linear",
) -> Floats:
    """Shares of the members that minimise held-out log-loss plus `strength` times the divergence from `prior`.

    Args:
        log_proba: Held-out log-probabilities (M, N, K) of M members, finite.
        codes: True classes (N,).
        prior: Shares (M,) believed before any evidence; above 0, sum 1.
        strength: Nats of log-loss, summed over rows, that one nat of divergence is worth; at least 0. With infinity
            the prior comes back.
        row_weight: Weight of each row (N,), at least 0; default 1.
        pool: `log-linear` or `linear`.

    Returns:
        Shares (M,), at least 0, sum 1. Without rows, the prior. The objective is convex; the method is exponentiated
        gradient with a step that doubles after success and is quartered after failure. Memory beyond the input: a
        chunk.

    Raises:
        InputError: Shapes do not agree, a log-probability is not finite, or a number is out of its range.

    Example:
        >>> import numpy as np
        >>> right, blind = np.log([[0.9, 0.1]] * 40), np.log([[0.5, 0.5]] * 40)
        >>> pool_weights(np.stack([right, blind]), np.zeros(40, dtype=int), np.array([0.5, 0.5])).round(2).tolist()
        [0.9, 0.1]
    """
    check_choice(pool, POOLS, "pool")
    weights, row = _checked(log_proba, codes, prior, strength, row_weight)
    total = float(row.sum()) + strength
    if not row.any() or np.isinf(total):
        return weights
    loss = (_log_linear_loss if pool == "log-linear" else _linear_loss)(log_proba, codes, row)

    def objective(shares: Floats) -> tuple[float, Floats]:
        ratio = np.log(np.maximum(shares, 1e-300) / prior)
        value, slope = loss(shares)
        return (value + strength * float(shares @ ratio)) / total, (slope + strength * (ratio + 1)) / total

    return _exponentiated_gradient(objective, weights)


def _checked(
    log_proba: Floats, codes: Ints, prior: Floats, strength: float, row_weight: Floats | None
) -> tuple[Floats, Floats]:
    """Prior shares and row weights as float64."""
    if log_proba.ndim != 3 or len(prior) != len(log_proba):
        raise InputError(
            f"log-probabilities of shape {log_proba.shape} and {len(prior)} prior shares; give (M, N, K) and M"
        )
    check_codes(codes, classes=log_proba.shape[2], rows=log_proba.shape[1])
    for member, block in enumerate(log_proba):
        if not np.isfinite(block).all():
            raise InputError(f"log-probabilities of member {member} are not finite; lift probabilities of 0 first")
    shares = np.array(prior, dtype=np.float64)
    if shares.min() <= 0 or abs(shares.sum() - 1) > 1e-6:
        raise InputError("prior shares must be above 0 and sum to 1")
    row = np.ones(len(codes)) if row_weight is None else np.asarray(row_weight, dtype=np.float64)
    if row.shape != (len(codes),) or not np.all(row >= 0):
        raise InputError(f"row weights must be {len(codes)} numbers of at least 0")
    if not strength >= 0:
        raise InputError(f"strength must be at least 0, not {strength!r}")
    return shares, row


Loss = Callable[[Floats], tuple[float, Floats]]


def _log_linear_loss(log_proba: Floats, codes: Ints, row: Floats) -> Loss:
    """Summed log-loss of the log-linear pool, and its slope (M,), as a function of the shares."""
    members, rows, classes = log_proba.shape
    truth = log_proba[:, np.arange(rows), codes].astype(np.float64) @ row

    def loss(shares: Floats) -> tuple[float, Floats]:
        value, slope = -float(shares @ truth), -truth
        for part in chunks(rows, max(1, CHUNK // (members * classes))):
            block = log_proba[:, part].reshape(members, -1).astype(np.float64, copy=False)
            scores = (shares @ block).reshape(-1, classes)
            top = scores.max(axis=1)
            powers = np.exp(scores - top[:, None])
            mass = powers.sum(axis=1)
            value += float(row[part] @ (np.log(mass) + top))
            slope = slope + block @ (powers * (row[part] / mass)[:, None]).ravel()
        return value, slope

    return loss


def _linear_loss(log_proba: Floats, codes: Ints, row: Floats) -> Loss:
    """Summed log-loss of the linear pool, and its slope (M,), as a function of the shares."""
    truth = log_proba[:, np.arange(len(codes)), codes].astype(np.float64)
    top = truth.max(axis=0)
    proba = np.exp(truth - top)

    def loss(shares: Floats) -> tuple[float, Floats]:
        pooled = np.maximum(shares @ proba, 1e-300)
        return -float(row @ (np.log(pooled) + top)), -(proba @ (row / pooled))

    return loss


def _exponentiated_gradient(objective: Loss, shares: Floats) -> Floats:
    """Shares (M,) that minimise a convex objective, from a start inside the simplex."""
    value, slope = objective(shares)
    rate = 1.0
    for _ in range(STEPS):
        moved = np.log(np.maximum(shares, 1e-300)) - rate * (slope - shares @ slope)
        trial = np.exp(moved - moved.max())
        trial /= trial.sum()
        reached, steeper = objective(trial)
        if reached > value:
            rate /= 4
            if rate < 1e-12:
                break
            continue
        gain = value - reached
        shares, value, slope = trial, reached, steeper
        if gain < 1e-9 and rate > 1e-3:
            break
        rate *= 2
    return shares
