"""What unlabelled rows tell where no held-out row can: recipes that agree there are mostly right there.

With one label a class, or none, no row is left to measure on. How far unlike recipes agree on unlabelled rows then
says how often their pool is right, as it did on the tables of the bank; "Assessing Generalization of SGD via
Disagreement" (Jiang et al. 2022) has the theory for copies of one model.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import log_softmax
from modicum.evaluation.stats import log_pool
from modicum.workspace.ladder.bank import Bank, Guess
from modicum.workspace.ladder.choice import natural_scale
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FittedRecipe, scores_of

Floats = NDArray[np.floating]

ROWS = 2_000
"""Unlabelled rows that are looked at."""
LEAST = 20
"""Unlabelled rows below which nothing is said."""


def unlabelled_sample(problem: Problem, seed: int) -> NDArray[np.int64]:
    """Up to 2,000 rows (m,) without a label, in random order."""
    rows: NDArray[np.int64] = np.random.default_rng(seed).permutation(problem.unlabelled_rows)[:ROWS]
    return rows


def agreement(log_proba: Floats, weights: Floats) -> float:
    """Share of rows on which a member of a pool answers as the pool does, mean over its members.

    Args:
        log_proba: Log-probabilities (M, N, K) of the members.
        weights: Shares (M,) of the members.

    Example:
        >>> import numpy as np
        >>> agreement(np.log([[[0.9, 0.1], [0.6, 0.4]], [[0.8, 0.2], [0.1, 0.9]]]), np.array([0.5, 0.5]))
        0.75
    """
    pooled = log_pool(log_proba, weights).argmax(axis=1)
    return float((log_proba.argmax(axis=2) == pooled).mean())


def expected(
    members: tuple[FittedRecipe, ...], scales: Floats, weights: Floats, problem: Problem, bank: Bank, seed: int
) -> tuple[Guess, float] | None:
    """Accuracy to be expected of a pool on the unlabelled rows, and the temperature at which it claims no more.

    None where there are too few unlabelled rows, the bank is too small, or one member has no other to agree with.
    """
    rows = unlabelled_sample(problem, seed)
    if len(rows) < LEAST or len(members) < 2:
        return None
    scores = scores_of(members, problem.X[rows])
    logs = np.stack([log_softmax(own.astype(np.float64) / scale) for own, scale in zip(scores, scales, strict=True)])
    guess = bank.accuracy(agreement(logs, weights), len(problem.space))
    return None if guess is None else (guess, natural_scale(log_pool(logs, weights), guess.mean))
