"""Dawid-Skene: the likely label of each item and the reliability of each annotator, from their answers alone.

The question: several people labelled the same items and do not agree; what is right, and who is how good? The true
class is a hidden variable: given every annotator's error rates, Bayes' rule says how probable each class of an item
is; given these probabilities, error rates are shares of weighted counts; both are repeated until they settle. With
`model="confusion"` an annotator has a table of error rates, with `"reliability"` a single rate of being right, errors
spread evenly, which is what few answers or many classes can bear. Do not use it where annotators copy from each other
or share a misunderstanding: it takes agreement for truth.

Paper: "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm" (Dawid and Skene 1979). Changed:
the one-rate variant; `smoothing`, pseudo-counts of right answers that hold an annotator of few items near the others;
`priors`, shares of the classes that are known, as two annotators cannot tell them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.arrays import one_hot, softmax
from modicum.core.card import Card
from modicum.core.checks import check_choice, check_probabilities
from modicum.core.errors import InputError

CARD = Card(
    name="dawid_skene",
    room="labels",
    question="noisy",
    summary="Consensus of several annotators, and how reliable each of them is",
    paper="Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
    year=1979,
    needs=("labels",),
    cost="O(answers K) a round; memory O(A K^2) for error tables of A annotators, O(A) for rates",
    tags=("annotators", "consensus", "expectation-maximisation"),
)

MODELS = ("confusion", "reliability")
FLOOR = 1e-10
"""Least probability of an error, so that one answer never rules a class out for good."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Opinion:
    """What the annotators' answers add up to."""

    proba: Floats
    """Probability of each class for each item (N, K)."""
    priors: Floats
    """Share of each class (K,)."""
    reliability: Floats
    """Probability that each annotator is right (A,), over classes as they occur; NaN where one said nothing."""
    confusion: Floats | None
    """Probability (A, K, K) that an annotator says column k of an item of class row j; None with one rate each."""


def dawid_skene(
    votes: ArrayLike,
    classes: int,
    *,
    model: str = "confusion",
    smoothing: float = 0.0,
    priors: ArrayLike | None = None,
    max_iter: int = 100,
    tol: float = 1e-5,
) -> Opinion:
    """Estimate labels and reliabilities together.

    Args:
        votes: Class codes (N, A) in 0..K-1 by item and annotator, -1 where an annotator did not see the item.
        classes: Number of classes K, at least 2.
        model: `confusion`, an error table for each annotator, or `reliability`, one rate for each.
        smoothing: Pseudo-counts of right answers, at least 0: per class and annotator, or per annotator.
        priors: Share of each class (K,), where it is known; default estimated.
        max_iter: Most rounds, at least 1.
        tol: Mean change of the log-likelihood per item that ends it.

    Returns:
        Probabilities, shares, reliabilities; items without a vote get the shares of the classes.

    Raises:
        InputError: Votes are not codes, there is no vote at all, priors are no shares of the classes, or a setting is
            not known or out of range.

    Example:
        >>> import numpy as np
        >>> votes = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 0]])
        >>> dawid_skene(votes, 2).proba.argmax(axis=1).tolist()
        [0, 1, 0, 1]
    """
    items, who, said, shape = _answers(votes, classes)
    check_choice(model, MODELS, "model of annotators")
    if smoothing < 0 or max_iter < 1:
        raise InputError(f"smoothing must be at least 0 and max_iter at least 1, not {smoothing} and {max_iter}")
    known = None if priors is None else _shares(priors, classes)
    proba = np.zeros((shape[0], classes))
    np.add.at(proba, (items, said), 1.0)
    proba /= np.maximum(proba.sum(axis=1, keepdims=True), 1.0)
    step = _tables if model == "confusion" else _rates
    before = -np.inf
    for _ in range(max_iter):
        shares = proba.sum(axis=0) / max(len(np.unique(items)), 1) if known is None else known
        logs, rule = step(proba, items, who, said, smoothing, shape[1])
        scores = np.tile(np.log(np.maximum(shares, FLOOR)), (shape[0], 1))
        np.add.at(scores, items, logs)
        proba = softmax(scores).astype(np.float64)
        proba[np.setdiff1d(np.arange(shape[0]), items)] = 0.0
        top = scores.max(axis=1)
        likelihood = float((top + np.log(np.exp(scores - top[:, None]).sum(axis=1))).mean())
        if abs(likelihood - before) < tol:
            break
        before = likelihood
    proba[proba.sum(axis=1) == 0] = shares
    right = np.bincount(who, proba[items, said], shape[1]) / np.bincount(who, minlength=shape[1]).astype(float).clip(1)
    right[np.bincount(who, minlength=shape[1]) == 0] = np.nan
    return Opinion(proba, shares, rule if rule.ndim == 1 else right, rule if rule.ndim == 3 else None)


def _shares(priors: ArrayLike, classes: int) -> Floats:
    shares = check_probabilities(np.atleast_2d(np.asarray(priors)), what="priors")
    if shares.shape != (1, classes):
        raise InputError(f"priors of shape {shares.shape[1:]} for {classes} classes; give one per class")
    return np.asarray(shares[0])


def _answers(
    votes: ArrayLike, classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], tuple[int, int]]:
    array = np.asarray(votes)
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise InputError(f"votes must be integer codes (items, annotators), not {array.dtype} of shape {array.shape}")
    if classes < 2:
        raise InputError(f"there must be at least two classes, not {classes}")
    if array.size and (array.min() < -1 or array.max() >= classes):
        raise InputError(f"votes must lie in -1..{classes - 1}; found {array.min()}..{array.max()}")
    items, who = np.nonzero(array >= 0)
    if len(items) == 0:
        raise InputError("there is no vote at all; at least one annotator must have labelled an item")
    return items, who, array[items, who].astype(np.int64), (array.shape[0], array.shape[1])


def _tables(proba: Floats, items: Ints, who: Ints, said: Ints, smoothing: float, A: int) -> tuple[Floats, Floats]:
    """Log-probability (answers, K) of each answer under each true class, and the error tables (A, K, K)."""
    classes = proba.shape[1]
    heard = np.zeros((A, classes, classes))
    np.add.at(heard, (who, said), proba[items])
    counts = heard.transpose(0, 2, 1)
    counts = counts + smoothing * one_hot(np.arange(classes), classes)
    totals = counts.sum(axis=2, keepdims=True)
    tables = np.where(totals > 0, counts / np.where(totals > 0, totals, 1), 1 / classes)
    return np.log(np.maximum(tables, FLOOR))[who, :, said], tables


def _rates(proba: Floats, items: Ints, who: Ints, said: Ints, smoothing: float, A: int) -> tuple[Floats, Floats]:
    """Log-probability (answers, K) of each answer under each true class, and the rates (A,) of being right."""
    classes = proba.shape[1]
    right = np.bincount(who, proba[items, said], A) + smoothing
    seen = np.bincount(who, minlength=A)
    rates = np.divide(right, seen + smoothing, out=np.full(A, np.nan), where=seen > 0)
    rate = np.clip(rates[who], FLOOR, 1 - FLOOR)
    logs = np.tile(np.log((1 - rate) / (classes - 1))[:, None], (1, classes))
    logs[np.arange(len(said)), said] = np.log(rate)
    return logs, rates
