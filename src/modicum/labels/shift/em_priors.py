"""Class shares of unlabelled rows by expectation-maximisation.

The question: how frequent is each class among the unlabelled rows, when labelled rows were gathered differently?
Posteriors made under the labelled rows' shares are re-weighted by new shares, the new shares are the mean of the
re-weighted posteriors, and so on until nothing moves. Posteriors must be calibrated, and classes must look the same
in both sets of rows; only their shares may differ. Do not use it where new kinds of items turned up.

Paper: "Adjusting the Outputs of a Classifier to New a Priori Probabilities" (Saerens et al. 2002). Changed: a weak
Dirichlet prior around the labelled shares keeps rare classes from vanishing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_probabilities
from modicum.core.errors import InputError

CARD = Card(
    name="em_priors",
    room="labels",
    question="shift",
    summary="Class shares of unlabelled rows, and posteriors corrected for them, by expectation-maximisation",
    paper="Adjusting the Outputs of a Classifier to New a Priori Probabilities",
    year=2002,
    needs=("probabilities", "unlabelled"),
    cost="O(N K) per step, at most 200 steps",
    tags=("label shift", "quantification"),
)


@dataclass(frozen=True, eq=False)
class ShiftEstimate:
    """Estimated class shares (K,) and posteriors (N, K) under them."""

    priors: NDArray[np.float64]
    proba: NDArray[np.float64]


def reweighted(
    proba: NDArray[np.floating], priors: NDArray[np.floating], train_priors: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Posteriors (N, K) made under `train_priors` (K,), as they would be under `priors` (K,); scales do not matter."""
    odds = np.asarray(proba * (priors / train_priors), dtype=np.float64)
    return np.asarray(odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-300))


def known_shares(train_priors: ArrayLike, classes: int) -> NDArray[np.float64]:
    """Shares (K,) in sum 1 of the classes that a classifier learnt under.

    Raises:
        InputError: They are not one number above 0 for each class.

    Example:
        >>> known_shares([3, 1], 2).tolist()
        [0.75, 0.25]
    """
    shares = np.asarray(train_priors, dtype=np.float64)
    if shares.shape != (classes,) or not (shares > 0).all():
        raise InputError(f"train_priors must be {classes} numbers above 0, one per class")
    return np.asarray(shares / shares.sum())


def em_priors(
    proba: NDArray[np.floating],
    train_priors: NDArray[np.floating],
    *,
    strength: float = 1.0,
    steps: int = 200,
    tolerance: float = 1e-7,
) -> ShiftEstimate:
    """Estimate class shares of the rows that `proba` was predicted for.

    Args:
        proba: Calibrated posteriors (N, K) made under `train_priors`.
        train_priors: Class shares (K,) of the rows the classifier learnt from, above 0; scales do not matter.
        strength: Pseudo-rows added in the proportion of `train_priors`; at least 0.
        steps: Most steps.
        tolerance: Stop when no share moves more.

    Returns:
        Shares (K,) and posteriors (N, K) under them.

    Raises:
        InputError: `proba` are no probabilities, `train_priors` are not K numbers above 0, or there is neither a row
            nor a pseudo-row.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1]] * 8 + [[0.1, 0.9]] * 2)
        >>> em_priors(proba, np.array([0.5, 0.5]), strength=0).priors.round(3).tolist()
        [0.875, 0.125]
    """
    proba = check_probabilities(proba)
    train = known_shares(train_priors, proba.shape[1])
    if not len(proba) + strength > 0:
        raise InputError("class shares need at least one unlabelled row")
    priors, corrected = train, proba
    for _ in range(steps):
        corrected = reweighted(proba, priors, train)
        moved = (corrected.sum(axis=0) + strength * train) / (len(proba) + strength)
        if np.abs(moved - priors).max() < tolerance:
            break
        priors = moved
    return ShiftEstimate(priors, corrected)
