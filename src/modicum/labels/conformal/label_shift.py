"""Prediction sets that keep their promise where classes are more or less frequent than in the calibration rows.

The question: which classes can it be, when the batch at hand has other class shares? The shares of the unlabelled
batch are estimated; calibration rows then weigh as much as their class is more frequent in the batch, and each class
gets the threshold of the weighted scores, itself weighed in. Posteriors are corrected for the shares as well, which
makes sets smaller, by half of the way where shares are estimated, because a share wrongly near 0 would bar the class
from every set. Were the shares of both known, the promise would be exact; those of the calibration rows are counted
(with one row more, spread over all classes), and with an estimate it is as good as that, which
takes a batch of some hundred rows and a thousand calibration rows (with 250 of a weak classifier on trec, 87 % of the
sets held the truth where 90 % were promised). Class-conditional sets need no weights: their promise survives any shift
of class shares. Do not use it where new kinds of items turned up, or for single rows.

Paper: "Distribution-free uncertainty quantification for classification under label shift" (Podkopaev and Ramdas 2021).
Changed: the shares come from calibrated maximum likelihood, not from inverted confusions, and scores from posteriors
under the new shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_choice, check_fraction
from modicum.labels.conformal.rule import SCORES, ConformalRule, split_conformal
from modicum.labels.shift import ShiftEstimate, calibrate, em_priors, reweighted

CARD = Card(
    name="shift_conformal",
    room="labels",
    question="conformal",
    summary="Prediction sets that hold on an unlabelled batch with other class shares, which are estimated",
    paper="Distribution-free uncertainty quantification for classification under label shift",
    year=2021,
    needs=("labels", "probabilities", "unlabelled"),
    cost="O((N + n) K) per step of the estimate, O(n K + n log n + N K log K) for the sets",
    tags=("conformal", "prediction sets", "label shift"),
)

Floats = NDArray[np.floating]


STRENGTH, TRUST = 100.0, 0.5
"""Estimated shares are held by so many rows of the known ones, and posteriors corrected by this power of the change:
sets corrected in full, for the very batch the shares were read from, cover too little."""


@dataclass(frozen=True, eq=False)
class ShiftedSets:
    """Sets for one batch, the rule they come from, and the shares behind it."""

    sets: NDArray[np.bool_]
    """Prediction sets as a mask (N, K)."""
    rule: ConformalRule
    """Thresholds for the corrected posteriors, `estimate.proba`."""
    estimate: ShiftEstimate


def weighted_thresholds(scores: Floats, codes: NDArray[np.int64], weights: Floats, alpha: float) -> NDArray[np.float64]:
    """Threshold (K,) of each class from weighted calibration scores; infinite where they are too few for `alpha`.

    Args:
        scores: Non-conformity (n,) of the true class of each calibration row.
        codes: True classes (n,).
        weights: How many times as frequent each class is in the batch as among the calibration rows (K,), at least 0.
        alpha: Share of sets that may miss the truth, 0 to 1.

    Raises:
        InputError: `alpha` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> scores = np.arange(1.0, 20.0)
        >>> weighted_thresholds(scores, np.zeros(19, int), np.array([1.0, 5.0]), 0.1).tolist()
        [18.0, inf]
    """
    check_fraction(alpha, "alpha")
    order = np.argsort(scores, kind="stable")
    summed = np.cumsum(weights[codes[order]])
    total = summed[-1] if len(summed) else 0.0
    place = np.searchsorted(summed, (1 - alpha) * (total + weights) - 1e-9 * max(total, 1.0))
    return np.append(np.asarray(scores, np.float64)[order], np.inf)[place]


def shift_conformal(
    held_out: Floats,
    codes: NDArray[np.int64],
    proba: Floats,
    *,
    alpha: float,
    score: str = "lac",
    per_class: bool = False,
    train_priors: NDArray[np.floating] | None = None,
    priors: NDArray[np.floating] | None = None,
) -> ShiftedSets:
    """Prediction sets for an unlabelled batch.

    Args:
        held_out: Posteriors (n, K) of calibration rows, made without having seen them.
        codes: Their classes (n,).
        proba: Posteriors (N, K) of the batch, from the same model.
        alpha: Share of sets that may miss the truth, 0 to 1.
        score: `lac`, `aps` or `raps`.
        per_class: Keep the promise within every class; then no weights are needed.
        train_priors: Class shares (K,) the classifier learnt under, where they are known; see `class_shares`.
        priors: Class shares (K,) of the batch where they are known; default they are estimated.

    Returns:
        Sets, their rule and the shares. Cost: that of the estimate, and O(n K + n log n + N K log K).

    Raises:
        InputError: Arrays of wrong shape, no probabilities, or a setting that is none.

    Example:
        >>> import numpy as np
        >>> held_out = np.array([[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 20)
        >>> batch = np.array([[0.9, 0.1]] * 5 + [[0.2, 0.8]] * 95)
        >>> found = shift_conformal(held_out, np.repeat([0, 1], 20), batch, alpha=0.1)
        >>> found.sets.sum(axis=0).tolist()
        [5, 95]
    """
    check_fraction(alpha, "alpha")
    how = calibrate(held_out, codes, train_priors)
    batch = how.apply(proba)
    if priors is None:
        found = em_priors(batch, how.priors, strength=STRENGTH, steps=500, tolerance=1e-6).priors
        scored = how.priors ** (1 - TRUST) * found**TRUST
    else:
        found = scored = np.asarray(priors, np.float64)
    estimate = ShiftEstimate(found, reweighted(batch, scored, how.priors))
    shifted = reweighted(how.apply(held_out), scored, how.priors)
    if per_class:
        rule = split_conformal(shifted, codes, alpha=alpha, score=score, per_class=True)
    else:
        rule = shifted_rule(shifted, codes, found, alpha=alpha, score=score, estimated=priors is None)
    return ShiftedSets(rule.sets(estimate.proba), rule, estimate)


def shifted_rule(
    held_out: Floats,
    codes: NDArray[np.int64],
    priors: Floats,
    *,
    alpha: float,
    score: str = "lac",
    estimated: bool = True,
) -> ConformalRule:
    """Rule for rows whose classes have the shares `priors` (K,), with one threshold for each class.

    Args:
        held_out: Posteriors (n, K) of calibration rows, corrected in the way that those of the batch will be.
        codes: Their classes (n,).
        priors: Class shares of the batch (K,), sum 1.
        alpha: Share of sets that may miss the truth, 0 to 1.
        score: `lac`, `aps` or `raps`.
        estimated: Whether the shares are an estimate; only the wording of the promise depends on it.

    Raises:
        InputError: The score is not known, or `alpha` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> held_out = np.array([[0.9, 0.1]] * 20 + [[0.2, 0.8]] * 20)
        >>> shifted_rule(held_out, np.repeat([0, 1], 20), np.array([0.1, 0.9]), alpha=0.1).sets(held_out[-1:]).tolist()
        [[False, True]]
    """
    counts = np.bincount(codes, minlength=held_out.shape[1]) + 1 / held_out.shape[1]
    own = SCORES[check_choice(score, SCORES, "score of prediction sets")](held_out)[np.arange(len(codes)), codes]
    thresholds = weighted_thresholds(own, codes, priors * counts.sum() / counts, alpha)
    return ConformalRule(score, alpha, tuple(thresholds.tolist()), _promise(alpha, len(codes), estimated), len(codes))


def _promise(alpha: float, rows: int, estimated: bool) -> str:
    share = "about" if estimated else "at least"
    source = "estimated from its unlabelled rows" if estimated else "as given"
    return (
        f"{share} {100 * (1 - alpha):.3g} % of the sets hold the true class on average over a batch like this one: "
        f"calibrated on {rows:,} held-out rows, re-weighted by the batch's class shares, {source}."
    )
