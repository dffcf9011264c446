"""Stacked regression: how much should each recipe have to say, when the answer is a number?

The question: several recipes predict the same number, each in its own way wrong; with which shares is their weighted
mean best? Shares are those of the smallest held-out squared error, at least 0 and summing to 1, so that the mean stays
among the answers, and are held near prior shares while rows are few. Do not use it on predictions of rows that the
recipes learnt from: the one that fits closest would take all.

Paper: "Stacked Regressions" (Breiman 1996). Changed: shares sum to 1, as there found to do no harm, and pay for their
divergence from prior shares, in the nats of a normal error.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modicum.core.card import Card
from modicum.core.checks import check_values, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="stack_weights",
    room="evaluation",
    question="stats",
    summary="Shares of recipes that predict a number, from held-out squared error shrunk towards prior shares",
    paper="Stacked Regressions",
    year=1996,
    needs=("labels",),
    cost="O(N M^2) once, O(M^2) per step, for M members",
    tags=("stacking", "pooling", "ensemble", "regression"),
)


def stack_weights(
    predictions: NDArray[np.floating],
    y: NDArray[np.floating],
    prior: NDArray[np.floating],
    *,
    strength: float = 5.0,
    rows: float | None = None,
) -> NDArray[np.float64]:
    """Shares of the members that minimise rows / 2 * log(squared error) + strength * divergence from `prior`.

    Args:
        predictions: Held-out predictions (M, N) of M members.
        y: True numbers (N,).
        prior: Shares (M,) believed before any evidence; above 0, sum 1.
        strength: Nats of log-likelihood that one nat of divergence is worth, above 0.
        rows: Rows that the N predictions count as, where rows were predicted several times; default N.

    Returns:
        Shares (M,), above 0, sum 1. Without rows, the prior.

    Raises:
        InputError: Shapes do not agree, or prior shares are no shares.

    Example:
        >>> import numpy as np
        >>> y = np.arange(50.0)
        >>> stack_weights(np.stack([y + 0.1, np.zeros(50)]), y, np.array([0.5, 0.5])).round(2).tolist()
        [1.0, 0.0]
    """
    members, truth = check_vectors(predictions, what="predictions"), check_values(y)
    shares = np.asarray(prior, dtype=np.float64)
    if members.shape != (len(shares), len(truth)):
        raise InputError(f"predictions of shape {members.shape} for {len(shares)} shares and {len(truth)} rows")
    if shares.min() <= 0 or abs(shares.sum() - 1) > 1e-6 or not strength > 0:
        raise InputError("prior shares must be above 0 and sum to 1, and the strength must be above 0")
    if len(truth) == 0 or len(shares) == 1:
        return shares
    errors = members - truth
    products = errors @ errors.T / len(truth)
    half = 0.5 * (len(truth) if rows is None else rows)
    least = 1e-12 * float(np.trace(products)) + 1e-300

    def objective(logs: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        w = np.exp(logs - logs.max())
        w /= w.sum()
        square = float(w @ products @ w) + least
        ratio = np.log(np.maximum(w, 1e-300) / shares)
        slope = 2 * half * (products @ w) / square + strength * (ratio + 1)
        value = half * np.log(square) + strength * float(w @ ratio)
        return value, w * (slope - float(w @ slope))

    found = minimize(objective, np.log(shares), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    weights = np.exp(found - found.max())
    return np.asarray(weights / weights.sum())
