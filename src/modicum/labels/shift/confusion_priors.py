"""Class shares of unlabelled rows by inverting the confusion matrix.

The question: how frequent is each class among the unlabelled rows, told by what the classifier confuses? Held-out rows
tell how often each class is taken for each other one; the shares are those under which these confusions produce the
predictions that were seen. Predictions count as decisions (hard) or as probabilities (soft), which need not be
calibrated. It is the baseline of its question: do not use it where probabilities are calibrated or held-out rows are
few, because a matrix of K times K entries has to be estimated; class_shares then errs less.

Papers: "Detecting and Correcting for Label Shift with Black Box Predictors" (Lipton et al. 2018: BBSE, hard and soft)
and "Counting Positives Accurately Despite Inaccurate Classification" (Forman 2005: adjusted count). Changed: the
equations are solved on the simplex by maximum likelihood, so that no share is negative; classes without a held-out row
count as never confused.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import class_means, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities
from modicum.core.errors import InputError
from modicum.labels.shift.em_priors import ShiftEstimate, reweighted
from modicum.labels.shift.mixture import mixing_shares

CARD = Card(
    name="confusion_priors",
    room="labels",
    question="shift",
    summary="Class shares of unlabelled rows by inverting the confusion matrix, hard or soft",
    paper="Detecting and Correcting for Label Shift with Black Box Predictors",
    year=2018,
    needs=("labels", "probabilities", "unlabelled"),
    cost="O((N + n) K + K^2 per step), at most 500 steps",
    tags=("label shift", "quantification", "baseline"),
)


def confusion_priors(
    proba: NDArray[np.floating], held_out: NDArray[np.floating], codes: NDArray[np.int64], *, soft: bool = True
) -> ShiftEstimate:
    """Estimate class shares of the rows that `proba` was predicted for.

    Args:
        proba: Posteriors (N, K) of the unlabelled rows.
        held_out: Posteriors (n, K) of labelled rows, made without having seen them.
        codes: Their classes (n,).
        soft: Count probabilities; otherwise the most probable class.

    Returns:
        Shares (K,), and `proba` (N, K) corrected from the shares of `codes` to these.

    Raises:
        InputError: Arrays of wrong shape, no probabilities, no row, or class codes that are none.

    Example:
        >>> import numpy as np
        >>> held_out = np.array([[0.8, 0.2]] * 10 + [[0.4, 0.6]] * 10)
        >>> proba = np.array([[0.8, 0.2]] * 30 + [[0.4, 0.6]] * 10)
        >>> confusion_priors(proba, held_out, np.repeat([0, 1], 10)).priors.round(3).tolist()
        [0.75, 0.25]
    """
    proba, held_out = check_probabilities(proba), check_probabilities(held_out, what="held-out probabilities")
    if len(proba) == 0:
        raise InputError("class shares need at least one unlabelled row")
    classes = proba.shape[1]
    codes = check_codes(codes, classes=classes, rows=len(held_out))
    here, there = (p if soft else one_hot(p.argmax(axis=1), classes) for p in (held_out, proba))
    counts = np.bincount(codes, minlength=classes)
    confusion = np.where(counts[:, None] > 0, class_means(here, one_hot(codes, classes)), np.eye(classes))
    priors = mixing_shares(there.mean(axis=0)[None], confusion)[0]
    return ShiftEstimate(priors, reweighted(proba, priors, np.maximum(counts, 1)))
