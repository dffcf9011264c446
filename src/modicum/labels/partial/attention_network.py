"""The network behind AttentionBags: scores of rows, attention over bags, the loss of bags and its gradient.

All bags of a batch lie in one array, the rows of a bag together, and `starts` (B,) names the first row of each, rising
from 0: sums over bags are then one call for all of them, whatever their sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from modicum.core.arrays import log_softmax

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AttentionWeights:
    """The network; its gradient has the same form."""

    value: Floats
    """Layer (D, H) under a hyperbolic tangent."""
    value_bias: Floats
    """Its bias (H,)."""
    gate: Floats
    """Layer (D, H) under a sigmoid that scales the former; (D, 0) for attention without a gate."""
    gate_bias: Floats
    """Its bias (H,), or (0,)."""
    branch: Floats
    """Weights (H, T) from hidden units to the score of each branch."""
    coef: Floats
    """Classifiers (D, T + 1, K) of what the branches see and, last, of the bag."""
    intercept: Floats
    """Their intercepts (T + 1, K)."""

    def flat(self) -> Floats:
        """All weights, end to end."""
        return np.concatenate([part.ravel() for part in vars(self).values()])

    def like(self, flat: Floats) -> AttentionWeights:
        """A network of the same sides with these weights, as views."""
        parts = list(vars(self).values())
        pieces = np.split(flat, np.cumsum([part.size for part in parts])[:-1])
        return AttentionWeights(*(piece.reshape(part.shape) for piece, part in zip(pieces, parts, strict=True)))


def start_weights(
    rng: np.random.Generator, *, width: int, hidden: int, branches: int, classes: int, gated: bool = True
) -> AttentionWeights:
    """A network that has learnt nothing: random layers, classifiers of zeros.

    Example:
        >>> import numpy as np
        >>> start_weights(np.random.default_rng(0), width=3, hidden=4, branches=2, classes=5).coef.shape
        (3, 3, 5)
    """
    gates = hidden if gated else 0
    return AttentionWeights(
        value=rng.normal(size=(width, hidden)) / np.sqrt(width),
        value_bias=np.zeros(hidden),
        gate=rng.normal(size=(width, gates)) / np.sqrt(width),
        gate_bias=np.zeros(gates),
        branch=rng.normal(size=(hidden, branches)) / np.sqrt(hidden),
        coef=np.zeros((width, branches + 1, classes)),
        intercept=np.zeros((branches + 1, classes)),
    )


def row_scores(X: Floats, net: AttentionWeights) -> Floats:
    """Score (N, T) of each row (N, D) in each branch; what counts is its lead over other rows of the bag.

    Example:
        >>> import numpy as np
        >>> net = start_weights(np.random.default_rng(0), width=3, hidden=4, branches=2, classes=2)
        >>> row_scores(np.eye(3), net).shape
        (3, 2)
    """
    rise, gate = _units(X, net)
    return np.asarray((rise * gate) @ net.branch)


def bag_softmax(scores: Floats, starts: Ints) -> Floats:
    """Attention (N, T): the softmax of scores (N, T) over the rows of each bag.

    Example:
        >>> import numpy as np
        >>> bag_softmax(np.zeros((3, 1)), np.array([0, 1])).ravel().tolist()
        [1.0, 0.5, 0.5]
    """
    powers = np.exp(scores - _each(np.maximum.reduceat(scores, starts), scores, starts))
    return np.asarray(powers / _totals(powers, starts))


def mask_top(scores: Floats, starts: Ints, *, top: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Rows to hide from each branch: of the `top` best of each bag the given share, by chance.

    Args:
        scores: Scores (N, T); the rows of a bag stand together.
        starts: First row (B,) of each bag, rising from 0.
        top: How many of the best of a bag may be hidden; in a smaller bag, all.
        share: Share of these that is, rounded down; 0 to below 1, so that some row of each bag stays.
        rng: Source of chance.

    Returns:
        Mask (N, T), true where hidden. Cost: O(N T log N).

    Example:
        >>> import numpy as np
        >>> hidden = mask_top(np.arange(4.0)[:, None], np.array([0]), top=2, share=0.5, rng=np.random.default_rng(0))
        >>> int(hidden.sum()), bool(hidden[:2].any())
        (1, False)
    """
    most = np.minimum(top, _sizes(scores, starts))[:, None]
    best = _places(-scores, starts) < _each(most, scores, starts)
    chance = np.where(best, rng.random(scores.shape), 2.0)
    return np.asarray(_places(chance, starts) < _each(np.floor(most * share), scores, starts))


def bag_loss(
    X: Floats, starts: Ints, targets: Floats, net: AttentionWeights, hidden: NDArray[np.bool_] | None = None
) -> tuple[float, AttentionWeights]:
    """Mean loss of bags, and its gradient.

    The loss of a bag is the cross-entropy of its classifier, plus the mean cross-entropy of the branches' classifiers
    and the mean cosine between the attention of two branches; with one branch, the first alone.

    Args:
        X: Vectors (N, D); the rows of a bag stand together.
        starts: First row (B,) of each bag, rising from 0.
        targets: Class probabilities (B, K) of the bags.
        net: The network.
        hidden: Rows (N, T) that are hidden from a branch, never all of a bag; None for none.

    Returns:
        The loss and its slope along every weight. Cost: O(N D (H + T K)).

    Example:
        >>> import numpy as np
        >>> net = start_weights(np.random.default_rng(0), width=3, hidden=4, branches=1, classes=2)
        >>> loss, slope = bag_loss(np.eye(3), np.array([0, 1]), np.eye(2), net)
        >>> round(loss, 2), slope.branch.shape
        (0.69, (4, 1))
    """
    rise, gate = _units(X, net)
    scores = (rise * gate) @ net.branch
    attention = bag_softmax(scores if hidden is None else np.where(hidden, -np.inf, scores), starts)
    loss, slope, coef, intercept = _classified(X, starts, targets, net, attention)
    if attention.shape[1] > 1:
        cosine, slope_cosine = _mean_cosine(attention, starts)
        loss, slope = loss + cosine, slope + slope_cosine
    slope = attention * (slope - _totals(attention * slope, starts))
    back = slope @ net.branch.T
    into_value, into_gate = back * gate * (1 - rise**2), (back * rise * gate * (1 - gate))[:, : net.gate.shape[1]]
    return loss, AttentionWeights(
        value=X.T @ into_value,
        value_bias=into_value.sum(axis=0),
        gate=X.T @ into_gate,
        gate_bias=into_gate.sum(axis=0),
        branch=(rise * gate).T @ slope,
        coef=coef,
        intercept=intercept,
    )


def _units(X: Floats, net: AttentionWeights) -> tuple[Floats, Floats]:
    """Hidden units (N, H) before the gate, and the gate (N, H)."""
    rise = np.tanh(X @ net.value + net.value_bias)
    return rise, expit(X @ net.gate + net.gate_bias) if net.gate.size else np.ones_like(rise)


def _classified(
    X: Floats, starts: Ints, targets: Floats, net: AttentionWeights, attention: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Mean cross-entropy, and its slopes along attention (N, T), classifiers and intercepts.

    A mean of rows under a linear classifier is the mean of the rows' votes, so that no mean is ever computed.
    """
    branches = attention.shape[1]
    heads = np.concatenate([attention, attention.mean(axis=1, keepdims=True)], axis=1)
    votes = np.tensordot(X, net.coef, 1)
    logs = log_softmax(np.add.reduceat(heads[:, :, None] * votes, starts) + net.intercept)
    parts = np.append(np.full(branches, 1 / branches if branches > 1 else 0.0), 1.0).astype(X.dtype) / len(starts)
    loss = -float((parts[:, None] * logs * targets[:, None]).sum())
    off = parts[:, None] * (np.exp(logs) - targets[:, None])
    spread = _each(off, X, starts)
    slope = (spread * votes).sum(axis=2)
    coef = np.tensordot(X.T, heads[:, :, None] * spread, 1)
    return loss, slope[:, :-1] + slope[:, -1:] / branches, coef, off.sum(axis=0)


def _mean_cosine(attention: Floats, starts: Ints) -> tuple[float, Floats]:
    """Mean cosine of two branches, over pairs and bags, and its slope: pairs sum to (|sum of units|^2 - T) / 2."""
    branches, norms = attention.shape[1], np.sqrt(_totals(attention**2, starts))
    unit = attention / norms
    total = unit.sum(axis=1, keepdims=True)
    pairs = len(starts) * branches * (branches - 1)
    cosine = (float((total**2).sum()) - branches * len(starts)) / pairs
    return cosine, 2 * (total - unit * _totals(total * unit, starts)) / norms / pairs


def _sizes(X: Floats, starts: Ints) -> Ints:
    """Rows (B,) of each bag."""
    return np.diff(starts, append=len(X))


def _each(values: NDArray[Any], X: Floats, starts: Ints) -> NDArray[Any]:
    """What is known of each bag, for each of its rows."""
    return np.repeat(values, _sizes(X, starts), axis=0)


def _totals(values: Floats, starts: Ints) -> Floats:
    """Sum over the bag of each row."""
    return _each(np.add.reduceat(values, starts), values, starts)


def _places(keys: Floats, starts: Ints) -> Ints:
    """Place (N, T) of each row in its bag by rising keys (N, T), from 0 on."""
    bag, first = _each(np.arange(len(starts)), keys, starts), _each(starts, keys, starts)
    places = np.empty(keys.shape, dtype=np.int64)
    for column, values in enumerate(keys.T):
        places[np.lexsort((values, bag)), column] = np.arange(len(keys)) - first
    return places
