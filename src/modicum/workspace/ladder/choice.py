"""What to ship: a pool of unlike recipes or one of them, decided by a proper score, a prior and a stated tolerance.

Cross-validated accuracy alone is a poor judge when labels are few: its standard error swamps most differences. So
recipes are first brought to one scale and pooled, with shares from out-of-fold log-loss shrunk towards those that
served similar tables of the bank best; differences in accuracy are shrunk towards those on similar tables; and the
cheapest candidate whose expected loss against the best stays under the tolerance is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from modicum.core.arrays import log_softmax
from modicum.core.records import LabelSpace
from modicum.evaluation.stats import corrected_difference, log_pool, pool_weights
from modicum.labels.calibration import fit_temperature
from modicum.labels.spaces import TreeMetric, frechet_mean
from modicum.workspace.ladder.bank import Bank, Guess
from modicum.workspace.ladder.climb import Climb, Trial

Floats = NDArray[np.floating]

POOL_GAIN = Guess(0.014, 0.03)
"""Prior of the pool's lead in accuracy over one recipe: measured on three tables. The bank's own pools started from
equal shares; one that starts from the bank leads by this much at least."""
STACKING_STRENGTH = 5.0
"""Nats by which the evidence must outweigh the prior shares."""
LEAST_SHARE = 0.05
"""Share under which a member leaves the pool: it would cost time and change little."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something that could be shipped: one recipe, or a pool of several."""

    name: str
    trials: tuple[Trial, ...]
    scales: Floats
    """Temperature (M,) of each member."""
    weights: Floats
    """Share (M,) of each member; sums to 1."""
    log_proba: Floats
    """Out-of-fold log-probabilities (repeats, n, K); NaN for rows that were never held out."""

    @property
    def seconds_per_1000(self) -> float:
        """Seconds to score 1,000 vectors with all members."""
        return sum(trial.seconds_per_1000 for trial in self.trials)


@dataclass(frozen=True, eq=False)
class Choice:
    """What is shipped, beside what it was compared with."""

    shipped: Candidate
    candidates: tuple[Candidate, ...]
    expected_loss: dict[str, float]
    """For each candidate, the accuracy it is expected to lose against the best one; empty when nothing was measured."""
    tolerance: float

    def get(self, name: str) -> Candidate:
        """Return the candidate with this name."""
        return next(candidate for candidate in self.candidates if candidate.name == name)


def natural_scale(scores: Floats, confidence: float) -> float:
    """Temperature at which the mean largest probability of scores (N, K) equals `confidence`."""

    def excess(log_temperature: float) -> float:
        proba = np.exp(log_softmax(scores / np.exp(log_temperature)))
        return float(proba.max(axis=1).mean()) - confidence

    low, high = np.log(1e-3), np.log(1e3)
    if excess(low) <= 0:
        return float(np.exp(low))
    if excess(high) >= 0:
        return float(np.exp(high))
    return float(np.exp(brentq(excess, low, high, xtol=1e-3)))


def mean_confidence(scores: Floats) -> float:
    """Mean largest probability of scores (N, K)."""
    return float(np.exp(log_softmax(scores)).max(axis=1).mean())


def scale_of(trial: Trial, climb: Climb, y: NDArray[np.int64], confidence: float) -> float:
    """Temperature of one recipe, from the held-out rows whose class could be learnt, around its natural scale."""
    scores = trial.scores[: climb.repeats]
    measured = climb.folds >= 0
    start = natural_scale(scores[0][measured[0]].astype(np.float64), confidence)
    known = climb.represented & measured
    if not known.any():
        return start
    repeats, rows = np.nonzero(known)
    log_proba = log_softmax(scores[repeats, rows].astype(np.float64) / start)
    weight = np.full(len(rows), 1 / climb.repeats)
    return start * fit_temperature(log_proba, y[rows], sample_weight=weight)


def candidates_of(climb: Climb, y: NDArray[np.int64], bank: Bank) -> list[Candidate]:
    """Every tried recipe on one scale, cheapest first as the ladder has them, and last the pool of the unlike ones."""
    measured = climb.folds >= 0
    natural = [mean_confidence(t.scores[0][measured[0]].astype(np.float64)) for t in climb.tried]
    confidence = float(np.median(natural))
    singles = []
    for trial in climb.tried:
        scale = scale_of(trial, climb, y, confidence)
        log_proba = log_softmax(trial.scores[: climb.repeats].astype(np.float64) / scale)
        singles.append(Candidate(trial.recipe.name, (trial,), np.array([scale]), np.ones(1), log_proba))
    unlike = [single for single in singles if single.trials[0].recipe.pooled]
    if len(unlike) > 1:
        singles.append(_pool(unlike, climb, y, bank))
    return singles


def labels_per_class(y: NDArray[np.int64], classes: int) -> float:
    """Labelled rows a class, in the mean over all classes."""
    return len(y) / classes


def _pool(members: Sequence[Candidate], climb: Climb, y: NDArray[np.int64], bank: Bank) -> Candidate:
    stacked = np.stack([member.log_proba for member in members])
    known = climb.represented & (climb.folds >= 0)
    repeats, rows = np.nonzero(known)
    classes = stacked.shape[-1]
    weights = pool_weights(
        stacked[:, repeats, rows],
        y[rows],
        bank.shares([member.name for member in members], classes, labels_per_class(y, classes)),
        strength=STACKING_STRENGTH,
        row_weight=np.full(len(rows), 1 / max(climb.repeats, 1)),
    )
    kept = np.flatnonzero(weights >= min(LEAST_SHARE, 0.5 * float(weights.max())))
    stacked, members, weights = stacked[kept], [members[i] for i in kept.tolist()], weights[kept] / weights[kept].sum()
    shape = stacked.shape[1:]
    log_proba = log_pool(stacked.reshape(len(members), -1, shape[2]), weights).reshape(shape)
    trials = tuple(member.trials[0] for member in members)
    scales = np.array([member.scales[0] for member in members])
    return Candidate("pool", trials, scales, weights, log_proba)


def correctness(candidate: Candidate, climb: Climb, y: NDArray[np.int64]) -> Floats:
    """1 where the held-out prediction was right, 0 where wrong, NaN where a row was never held out: (repeats, n)."""
    right = (candidate.log_proba.argmax(axis=2) == y).astype(np.float64)
    return np.where(climb.folds >= 0, right, np.nan)


def choose(climb: Climb, y: NDArray[np.int64], bank: Bank, *, tolerance: float = 0.005) -> Choice:
    """Decide what to ship.

    The reference is the pool (or, with fewer than two unlike recipes, the candidate of the best log-loss). The lead
    of the reference over each candidate is the cross-validated one, shrunk towards what `bank` tells of similar
    tables; the cheapest candidate whose expected loss against the best is under `tolerance` (a fraction of accuracy)
    is shipped.
    """
    candidates = candidates_of(climb, y, bank)
    reference = next((c for c in candidates if c.name == "pool"), None)
    if reference is None:
        reference = min(candidates, key=lambda c: _log_loss(c, climb, y))
    right = correctness(reference, climb, y)
    behind = {}
    for candidate in candidates:
        classes = candidate.log_proba.shape[-1]
        prior = _prior_lead(bank, candidate.name, classes, labels_per_class(y, classes))
        behind[candidate.name] = (
            0.0 if candidate is reference else _shrunk_lead(right, correctness(candidate, climb, y), climb, prior)
        )
    best = min(behind.values())
    losses = {name: value - best for name, value in behind.items()}
    shipped = next(c for c in candidates if losses[c.name] < tolerance or losses[c.name] == 0)
    return Choice(shipped, tuple(candidates), losses, tolerance)


def _prior_lead(bank: Bank, recipe: str, classes: int, labels: float) -> Guess:
    told = bank.lead(recipe, classes, labels)
    return POOL_GAIN if told is None else Guess(max(told.mean, POOL_GAIN.mean), told.sd)


def _shrunk_lead(reference: Floats, other: Floats, climb: Climb, prior: Guess) -> float:
    """Posterior mean of accuracy(reference) - accuracy(other) under a normal prior."""
    if not climb.represented.any():
        return prior.mean
    comparison = corrected_difference(reference, other, climb.folds)
    # Held-out rows that show no difference leave room for one more row that would.
    precision, believed = max(comparison.standard_error, 1 / reference.shape[1]) ** -2, prior.sd**-2
    return float((precision * comparison.difference + believed * prior.mean) / (precision + believed))


def _log_loss(candidate: Candidate, climb: Climb, y: NDArray[np.int64]) -> float:
    repeats, rows = np.nonzero(climb.folds >= 0)
    return float(-candidate.log_proba[repeats, rows, y[rows]].mean())


def decoding(proba: Floats, codes: NDArray[np.int64], space: LabelSpace) -> str:
    """`frechet` where the class tree makes held-out answers (m, K) better beyond doubt, else `argmax`.

    "Beyond doubt" is a lead in accuracy of two standard errors of the paired difference.
    """
    if not any(space.parents):
        return "argmax"
    tree = frechet_mean(proba, TreeMetric.from_space(space)) == codes
    lead = tree.astype(float) - (proba.argmax(axis=1) == codes)
    doubt = 2 * float(lead.std()) / np.sqrt(len(lead))
    return "frechet" if lead.mean() > max(doubt, 0.0) else "argmax"
