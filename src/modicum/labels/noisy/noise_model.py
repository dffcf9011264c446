"""How labels go wrong: the class that is true and the one that was written, estimated beside each other.

Two models are weighed. In the flat one every wrong class is equally likely; in the other each class is mistaken for
some classes more than for others. The second has K times K numbers to learn and takes ambiguous classes for mistaken
ones where mistakes are even, so it counts only where it foresees labels it has not seen better, beyond chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array

from modicum.core.arrays import log_softmax, softmax

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

FIRST_RATE, MOST_WRONG = 0.1, 0.5
PRIOR_RIGHT, PRIOR_WRONG = 10.0, 1.0
"""Imagined rows a class, rightly and wrongly labelled, before any is seen."""
STEPS = 30
RESOLVED = 2.0
"""Standard errors from which a lead is not chance."""


@dataclass(frozen=True, eq=False)
class NoiseModel:
    """What the labels say about the truth."""

    posterior: NDArray[np.float64]
    """Probability of each true class (N, K), given the row and its label."""
    matrix: NDArray[np.float64]
    """Probability of each written class (columns) for each true one (rows), (K, K)."""
    structured: bool
    """Whether classes are mistaken for some classes more than for others."""


def fit_noise(log_proba: Floats, codes: Ints, *, rng: np.random.Generator) -> NoiseModel:
    """Estimate how labels go wrong, and with it what is true.

    Args:
        log_proba: Log-probabilities (N, K), or scores up to a constant a row, from models that never saw the row.
        codes: Given labels (N,).
        rng: Halves the rows, to weigh the two models.

    Returns:
        The model. Cost: O(N K + K^2) a step, about 100 steps; memory O(N K).

    Example:
        >>> import numpy as np
        >>> truth = np.arange(40) % 2
        >>> given = truth.copy()
        >>> given[:2] = 1 - given[:2]
        >>> found = fit_noise(np.log(0.05 + 0.9 * np.eye(2)[truth]), given, rng=np.random.default_rng(0))
        >>> np.flatnonzero(found.posterior[np.arange(40), given] < 0.5).tolist()
        [0, 1]
    """
    proba = softmax(calibrated(log_proba, codes))
    matrix, structured = _flat(proba, codes), False
    half = rng.random(len(codes)) < 0.5
    if half.any() and not half.all():
        lead = np.concatenate([_lead(proba, codes, seen) for seen in (half, ~half)])
        structured = bool(lead.mean() > RESOLVED * lead.std() / np.sqrt(len(lead)))
    if structured:
        matrix = _structured(proba, codes)
    return NoiseModel(_posterior(proba, codes, matrix), matrix, structured)


def calibrated(log_proba: Floats, codes: Ints) -> NDArray[np.float64]:
    """Log-probabilities (N, K) at the temperature under which the labels, some of them wrong, are likeliest."""
    scores = np.asarray(log_proba, dtype=np.float64)
    matrix, rows = _even(FIRST_RATE, scores.shape[1]), np.arange(len(codes))
    right, wrong = matrix[0, 0], matrix[0, -1]

    def loss(log_temperature: float) -> float:
        own = softmax(scores / np.exp(log_temperature))[rows, codes]
        return float(-np.log(wrong + (right - wrong) * own).sum()) + log_temperature**2

    found = minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded").x
    return np.asarray(log_softmax(scores / np.exp(found)), dtype=np.float64)


def _even(rate: float, classes: int) -> NDArray[np.float64]:
    matrix = np.full((classes, classes), rate / max(classes - 1, 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


def _posterior(proba: Floats, codes: Ints, matrix: Floats) -> NDArray[np.float64]:
    joint = proba * matrix[:, codes].T
    return np.asarray(joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300))


def _flat(proba: Floats, codes: Ints) -> NDArray[np.float64]:
    """The flat model by expectation-maximisation over its one number."""
    own, k = proba[np.arange(len(codes)), codes], proba.shape[1]
    rate, total = FIRST_RATE, len(own) + PRIOR_RIGHT + PRIOR_WRONG
    for _ in range(STEPS):
        right, wrong = (1 - rate) * own, rate / max(k - 1, 1) * (1 - own)
        share = wrong / np.maximum(right + wrong, 1e-300)
        rate = min((float(share.sum()) + PRIOR_WRONG) / total, MOST_WRONG)
    return _even(rate, k)


def _structured(proba: Floats, codes: Ints) -> NDArray[np.float64]:
    """The full matrix by expectation-maximisation, a Dirichlet prior on each row."""
    n, k = proba.shape
    prior = np.full((k, k), PRIOR_WRONG / max(k - 1, 1))
    np.fill_diagonal(prior, PRIOR_RIGHT)
    given = csr_array((np.ones(n), codes, np.arange(n + 1)), shape=(n, k))
    matrix = _even(FIRST_RATE, k)
    for _ in range(STEPS):
        counts = (given.T @ _posterior(proba, codes, matrix)).T + prior
        matrix = counts / counts.sum(axis=1, keepdims=True)
    return matrix


def _lead(proba: Floats, codes: Ints, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By how much the structured model, fitted to the rows seen, finds each other row's label likelier."""
    likely = [
        (proba[~seen] * fitted(proba[seen], codes[seen])[:, codes[~seen]].T).sum(axis=1)
        for fitted in (_structured, _flat)
    ]
    structured, flat = np.log(np.maximum(likely, 1e-300))
    return np.asarray(structured - flat)
