"""Choice of encoders: which one, or which few together, before anything is tuned.

The question: of several encoders, each with vectors of the same labelled rows, which serves the table best, and which
would add something to it? An encoder serves a row as well as the row's class is told from the other rows of its class
alone: the leave-one-out probability of the nearest class mean, brought to one scale. A set of encoders serves a row
unless all of them fail, so that the sum over rows is monotone and submodular: a second encoder counts for the rows that
the first one misses, and taking the best next one each time is within a factor of 1 - 1/e of the best set.

Do not take what is served for what a head gains from vectors set side by side: of an encoder, its first 64 dimensions,
its static table and a hashed one, the first choice was the best one on banking77 and trec, and the second added 2 to 6
points on trec at 8 and 16 labels a class, but cost 3 to 7 on mpqa. Do not use it with one label a class, where nothing
is left to be told by; nor take small leads for real: with 200 rows the standard error of a score is two to three
points.

Paper: "Building a Winning Team: Selecting Source Model Ensembles using a Submodular Transferability Estimation
Approach" (OSBORN, Vimal et al. 2023). Changed: the candidates are encoders without a source task, whose vectors of the
table are there, so that the distance between domains falls away; optimal transport between tasks is replaced by the
leave-one-out probability, and cohesion between models by coverage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from modicum.core.arrays import log_softmax, normalize_rows, one_hot
from modicum.core.card import Card
from modicum.core.checks import check_codes, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="choose_encoders",
    room="evaluation",
    question="encoders",
    summary="Encoders by what each adds to the rows served by those before: leave-one-out, submodular",
    paper="Building a Winning Team: Selecting Source Model Ensembles using a Submodular Transferability Estimation "
    "Approach",
    year=2023,
    needs=("labels", "vectors"),
    cost="O(E N D K) for E encoders of width D",
    tags=("encoder choice", "transferability", "submodular"),
    ids=("002-007",),
)

HEAT = (-2.0, 8.0)
"""Natural logarithms of the least and the largest scale of cosines that is tried."""


@dataclass(frozen=True, eq=False)
class EncoderChoice:
    """Encoders in the order in which they should be added."""

    order: tuple[int, ...]
    """Numbers of the encoders, the best alone first."""
    alone: NDArray[np.float64]
    """Share of the rows that each encoder (E,) serves by itself, 0 to 1."""
    errors: NDArray[np.float64]
    """Standard errors (E,) of these shares."""
    together: NDArray[np.float64]
    """Share of the rows that the first one, two, ... of `order` serve (k,)."""


def served(X: NDArray[np.floating], codes: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Probability (N,) of each row's own class under the nearest class mean, when the row itself is left out.

    The scale of the cosines is the one that makes the rows most probable. A row alone in its class has probability 0.

    Args:
        X: Vectors (N, D) of labelled rows.
        codes: Their classes (N,), in 0..classes-1.
        classes: Number of classes K.

    Raises:
        InputError: The arrays do not belong together.

    Example:
        >>> X = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> served(X, np.array([0, 0, 1, 1]), 2).round(2).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    unit = normalize_rows(check_vectors(X)).astype(np.float64)
    codes = check_codes(codes, classes=classes, rows=len(unit))
    sums, counts = one_hot(codes, classes).T @ unit, np.bincount(codes, minlength=classes)
    cosines = unit @ normalize_rows(sums).T
    rows = np.arange(len(unit))
    cosines[rows, codes] = (unit * normalize_rows(sums[codes] - unit)).sum(axis=1)
    cosines[:, counts == 0] = -1.0
    judged = counts[codes] > 1
    if not judged.any():
        return np.zeros(len(unit))

    def loss(heat: float) -> float:
        return -float(log_softmax(np.exp(heat) * cosines[judged])[np.arange(judged.sum()), codes[judged]].mean())

    heat = minimize_scalar(loss, bounds=HEAT, method="bounded").x
    return np.where(judged, np.exp(log_softmax(np.exp(heat) * cosines)[rows, codes]), 0.0)


def check_choosable(encoders: int, codes: NDArray[np.int64], keep: int | None) -> None:
    """Let so many encoders pass if `keep` of them can be chosen by rows with these classes (N,).

    Raises:
        InputError: There is no encoder, more are wanted than there are, or every class has a single row.
    """
    if not encoders:
        raise InputError("no encoder is given; give each one's vectors of the labelled rows")
    if keep is not None and not 1 <= keep <= encoders:
        raise InputError(f"{keep} encoders are wanted of {encoders}")
    if len(codes) == 0 or np.bincount(codes).max() < 2:
        raise InputError("every class has a single row; label two rows or more of some classes")


def choose_encoders(
    encoded: Sequence[NDArray[np.floating]], codes: NDArray[np.int64], classes: int, keep: int | None = None
) -> EncoderChoice:
    """Order encoders by what each adds to those before it.

    Args:
        encoded: For each of E encoders, vectors (N, D_e) of the same labelled rows.
        codes: Classes (N,) of the rows, in 0..classes-1.
        classes: Number of classes K.
        keep: Encoders wanted, 1 to E; default all of them, in order.

    Raises:
        InputError: There is no encoder, more are wanted than there are, the arrays do not belong together, or every
            class has a single row.

    Example:
        >>> good = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
        >>> choose_encoders([good[::-1] * [1, -1], good], np.array([0, 0, 1, 1]), 2, keep=1).order
        (0,)
    """
    check_choosable(len(encoded), codes, keep)
    serving = np.array([served(X, codes, classes) for X in encoded])
    missed = np.ones(serving.shape[1])
    order: list[int] = []
    together: list[float] = []
    for _ in range(keep or len(encoded)):
        gains = (missed * serving).sum(axis=1)
        gains[order] = -1.0
        order.append(int(gains.argmax()))
        missed = missed * (1 - serving[order[-1]])
        together.append(1 - float(missed.mean()))
    errors = serving.std(axis=1) / np.sqrt(serving.shape[1])
    return EncoderChoice(tuple(order), serving.mean(axis=1), errors, np.array(together))
