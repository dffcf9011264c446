"""Class shares that differ between labelled and unlabelled rows: estimated, and answered for where that is worth it.

Labels are often picked class by class, so that they say nothing of how frequent classes are. The unlabelled rows do:
their shares are estimated, and where correcting the answers for them is expected to gain, the answers are corrected by
half of the change (on a logarithmic scale), because a few labels give an uncertain estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.labels.shift import class_shares, em_priors, reweighted
from modicum.workspace.ladder.agreement import unlabelled_sample
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.model import Model

Floats = NDArray[np.floating]

STRENGTH = 200.0
"""Rows in the shares of the labelled ones that are added to the unlabelled ones: shares move only on evidence."""
TRUST = 0.5
"""Power of the change of shares by which answers are corrected."""
WORTH = 0.001
"""Accuracy that a correction must be expected to gain. On fourteen tables at 4 to 16 labels a class correcting gained
0.4 points in the mean; the worst of 126 draws lost 2.0."""
LEAST = 100
"""Unlabelled rows below which nothing is corrected."""


@dataclass(frozen=True, eq=False)
class Shift:
    """What unlabelled rows tell of class shares."""

    labelled: NDArray[np.float64]
    """Shares (K,) among the labelled rows."""
    estimated: NDArray[np.float64]
    """Shares (K,) among the unlabelled rows, the likeliest."""
    held: NDArray[np.float64]
    """The same, held back towards those of the labelled rows: what answers and sets are corrected for."""
    gain: float = 0.0
    """Accuracy that correcting the answers is expected to gain on the unlabelled rows, if the estimate is right."""
    factors: NDArray[np.float64] | None = None
    """What probabilities (N, K) are multiplied by, before they are normalised; None where it is not worth it."""


def find_shift(
    model: Model, problem: Problem, held: tuple[Floats, NDArray[np.int64]] | None, seed: int
) -> Shift | None:
    """Estimate the shares of the unlabelled rows.

    Args:
        model: The model, not corrected yet.
        problem: The task.
        held: Probabilities (n, K) of rows the model did not see, with their classes; None where there are none, or
            none that can judge: then nothing is corrected.
        seed: Draws the unlabelled rows that are looked at.
    """
    rows = unlabelled_sample(problem, seed)
    if len(rows) == 0 or len(problem.rows) == 0:
        return None
    counts = np.bincount(problem.y, minlength=len(problem.space))
    train = (counts + 1) / (counts + 1).sum()
    proba = model.proba(problem.X[rows])
    if held is None:
        estimated = em_priors(proba, train).priors
        return Shift(counts / counts.sum(), estimated, estimated)
    estimated, shares = (class_shares(proba, *held, train_priors=train, strength=s).priors for s in (1.0, STRENGTH))
    factors = (shares / train) ** TRUST
    corrected = reweighted(proba, factors, np.ones(len(factors)))
    before = corrected[np.arange(len(rows)), model.decide(proba)]
    gain = float((corrected[np.arange(len(rows)), model.decide(corrected)] - before).mean())
    worth = gain >= WORTH and len(rows) >= LEAST
    return Shift(counts / counts.sum(), estimated, shares, gain, factors if worth else None)
