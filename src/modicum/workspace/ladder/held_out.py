"""Out-of-fold answers of what is shipped, on which every honest figure rests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import softmax
from modicum.labels.calibration import fit_temperature
from modicum.workspace.ladder.choice import Candidate
from modicum.workspace.ladder.climb import Climb

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Out-of-fold answers of the shipped candidate, one row per labelled row that was ever held out."""

    rows: NDArray[np.int64]
    """Positions (m,) among the labelled rows."""
    codes: NDArray[np.int64]
    """True classes (m,)."""
    before: Floats
    """Probabilities (m, K) before the last temperature, mean over repeats of log-probabilities."""
    temperature: float
    represented: NDArray[np.bool_]
    """Whether the row's class had another labelled row to learn from."""

    @property
    def after(self) -> Floats:
        """Calibrated probabilities (m, K)."""
        return softmax(np.log(np.maximum(self.before, 1e-300)) / self.temperature)


def held_out(candidate: Candidate, climb: Climb, y: NDArray[np.int64]) -> HeldOut:
    """Gather the out-of-fold answers of a candidate, and fit the temperature that calibrates them."""
    rows = np.flatnonzero((climb.folds >= 0).all(axis=0))
    before = softmax(candidate.log_proba[:, rows].mean(axis=0))
    temperature = fit_temperature(np.log(np.maximum(before, 1e-300)), y[rows])
    return HeldOut(rows, y[rows], before, temperature, np.asarray(climb.represented[:, rows].all(axis=0)))


def cross_fitted(found: HeldOut, folds: NDArray[np.int64]) -> Floats:
    """Probabilities (m, K), each row under a temperature that other folds' rows gave: for honest figures."""
    logs = np.log(np.maximum(found.before, 1e-300))
    out = np.empty_like(found.before)
    for fold in np.unique(folds):
        inside = folds == fold
        outside = ~inside if (~inside).any() else inside
        out[inside] = softmax(logs[inside] / fit_temperature(logs[outside], found.codes[outside]))
    return out
