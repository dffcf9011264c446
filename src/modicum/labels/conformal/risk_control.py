"""Conformal risk control: which labels can a row have, so that few of the true ones are missed?

The question: a row may have several labels; which of them cannot be ruled out, with a promise? A row's set holds
every label whose probability reaches a threshold, and the threshold is the highest at which the mean share of missed
labels stays under alpha, with one more row supposed to miss them all. For rows like those it was calibrated on, the
expected share of a row's labels that its set lacks is then at most alpha. Do not use it where a row has exactly one
label (`lac`), or where each single label must be covered: rare labels may be missed more often than alpha.

Paper: "Conformal Risk Control" (Angelopoulos et al. 2024), with the share of missed labels as risk. Changed: rows
without a label, which can miss nothing, are left out, so that they do not soften the promise to the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_fraction, check_indicators, check_vectors
from modicum.core.errors import InputError

CARD = Card(
    name="miss_threshold",
    room="labels",
    question="conformal",
    summary="Sets of labels for rows that may have several, with a bound on the share of labels missed",
    paper="Conformal Risk Control",
    year=2024,
    needs=("labels", "probabilities"),
    cost="O(P log P) for P pairs of a row and a label it has",
    tags=("conformal", "prediction sets", "multi-label"),
)


def miss_threshold(proba: NDArray[np.floating], Y: NDArray[np.integer], alpha: float) -> float:
    """Highest threshold at which labels of at least this probability miss few enough of the true ones.

    Args:
        proba: Probabilities (N, K), each from 0 to 1, of rows the classifier did not learn from.
        Y: Their labels (N, K), 0 or 1.
        alpha: Expected share of a row's labels that may be missed, 0 to 1.

    Returns:
        The threshold t, from 0 to 1: (sum of missed shares + 1) / (n + 1) <= alpha for the sets {k: p_k >= t} of the n
        rows that have a label. 0, all labels, where the rows are too few for so small an alpha.

    Raises:
        InputError: The arrays do not belong together, or alpha is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> proba, Y = np.linspace(0.05, 0.95, 19)[:, None], np.ones((19, 1), dtype=int)
        >>> round(miss_threshold(proba, Y, 0.2), 6)
        0.2
    """
    check_fraction(alpha, "alpha")
    proba = check_vectors(proba, what="probabilities")
    truth = check_indicators(Y, rows=len(proba))
    if proba.shape != truth.shape:
        raise InputError(f"probabilities of shape {proba.shape} for labels of shape {truth.shape}")
    rows, labels = np.nonzero(truth)
    missed = 1 / truth.sum(axis=1)[rows]
    own = proba[rows, labels]
    order = np.argsort(own, kind="stable")
    allowed = alpha * (int(truth.any(axis=1).sum()) + 1) - 1 + 1e-9
    if allowed < 0:
        return 0.0
    return float(own[order][np.argmax(np.cumsum(missed[order]) > allowed)])


@dataclass(frozen=True)
class LabelSetRule:
    """Sets of labels for calibrated probabilities, and in words what they promise."""

    alpha: float
    threshold: float
    guarantee: str
    calibrated_on: int
    """Rows behind the threshold, those without a label not counted."""

    def sets(self, proba: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Sets as a mask (N, K); a row can be empty."""
        return np.asarray(proba >= self.threshold)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Inverse of `to_dict`."""
        return cls(float(told["alpha"]), float(told["threshold"]), str(told["guarantee"]), int(told["calibrated_on"]))


def label_sets(
    proba: NDArray[np.floating], Y: NDArray[np.integer], *, alpha: float, crossed: bool = True
) -> LabelSetRule:
    """Rule from held-out probabilities (N, K) and labels (N, K).

    Args:
        proba: Calibrated probabilities of rows that were held out.
        Y: Their labels, 0 or 1.
        alpha: Expected share of a row's labels that may be missed.
        crossed: Whether the rows were held out fold by fold, and also taught the model that will answer; else nothing
            was learnt from them, and the promise is proven.

    Raises:
        InputError: As `miss_threshold`.
    """
    found, rows = miss_threshold(proba, Y, alpha), int(np.any(Y, axis=1).sum())
    told = f"{100 * (1 - alpha):.3g} % of a row's labels stand in its set, on average over rows that have any"
    if crossed:
        how = f"about {told}: calibrated on {rows:,} such rows, each scored by a model that did not see it"
    else:
        how = f"at least {told}: calibrated on {rows:,} such rows, which nothing else was learnt from"
    if found == 0:
        how += "; these are too few for so small an alpha, so every set holds all labels"
    return LabelSetRule(alpha, found, f"{how[0].upper()}{how[1:]}.", rows)
