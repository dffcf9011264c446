"""Sets of label sets: which combinations of labels can a multi-label row have, with a promise?

The question: a row has any number of labels; which combinations can it be, all labels right at once, at the promised
rate? A combination's score is the summed distance of its indicator from the probability of every label; all
combinations under the calibrated threshold form the answer. There are 2^K of them, but flipping a label away from its
likelier state costs a fixed amount, so labels whose flip alone exceeds the threshold are settled before any
combination is formed, and the rest is listed from the cheapest flips on. The promise is untouched. Do not use it where
labels are poorly predicted: the answer then has more combinations than can be read, which `counts` tells.

Paper: "Well-calibrated Confidence Measures for Multi-label Text Classification with a Large Number of Labels"
(Maltoudoglou et al. 2021). Changed: combinations are found by best-first search over flips instead of elimination
followed by enumeration; which labels are settled is told for all rows without listing any combination.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_vectors
from modicum.core.errors import InputError
from modicum.labels.conformal.threshold import threshold

CARD = Card(
    name="powerset_conformal",
    room="labels",
    question="conformal",
    summary="Sets of label combinations for multi-label rows, all labels right at once at the promised rate",
    paper="Well-calibrated Confidence Measures for Multi-label Text Classification with a Large Number of Labels",
    year=2021,
    needs=("labels", "probabilities"),
    cost="O(n K) to calibrate, O(N K) to settle labels, O(C log C + K log K) to list C combinations of a row",
    tags=("conformal", "prediction sets", "multi-label"),
    ids=("000-021",),
)

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class PowersetRule:
    """A threshold on label combinations."""

    level: float
    """Largest score of a combination that belongs to the answer."""
    power: float
    """Power of each label's distance; 1 counts, more punishes single sure mistakes."""

    def settled(self, proba: Floats) -> NDArray[np.int8]:
        """For each row and label (N, K): 1 if all combinations hold it, 0 if none does, -1 if open.

        In rows where no combination conforms, every label counts as open.
        """
        base, flips = _costs(_checked(proba), self.power)
        open_ = (base[:, None] + flips <= self.level + 1e-12) | (base > self.level + 1e-12)[:, None]
        return np.where(open_, -1, proba >= 0.5).astype(np.int8)

    def combinations(self, proba: Floats, *, most: int = 1_000) -> list[NDArray[np.bool_]]:
        """For each row its combinations, a mask (C, K), likeliest first; at most `most`, none where none conforms."""
        rows = _checked(proba)
        base, flips = _costs(rows, self.power)
        return [
            _listed(row >= 0.5, self.level + 1e-12 - start, costs, most)
            for row, start, costs in zip(rows, base, flips, strict=True)
        ]

    def counts(self, proba: Floats, *, most: int = 1_000) -> NDArray[np.int64]:
        """Number of combinations (N,), at most `most`."""
        return np.array([len(found) for found in self.combinations(proba, most=most)], dtype=np.int64)


def powerset_scores(proba: Floats, labels: NDArray[np.bool_], *, power: float = 1.0) -> NDArray[np.float64]:
    """Non-conformity (N,) of one combination of labels per row: summed distance from the probabilities, 0 to K.

    Raises:
        InputError: Probabilities are no numbers from 0 to 1.

    Example:
        >>> import numpy as np
        >>> powerset_scores(np.array([[0.75, 0.5]]), np.array([[True, False]])).tolist()
        [0.75]
    """
    return np.asarray((np.abs(labels - _checked(proba)) ** power).sum(axis=1), np.float64)


def powerset_conformal(proba: Floats, labels: NDArray[np.bool_], *, alpha: float, power: float = 1.0) -> PowersetRule:
    """Rule from calibration rows that were never learnt from.

    Args:
        proba: Probability (n, K) of every label, each 0 to 1; rows need not sum to anything.
        labels: Which labels each row has (n, K).
        alpha: Share of rows whose true combination may be missing from the answer, 0 to 1.
        power: Power of each label's distance, above 0.

    Raises:
        InputError: Shapes differ, or probabilities or settings are out of range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.2]] * 19)
        >>> rule = powerset_conformal(proba, np.array([[True, False]] * 18 + [[True, True]]), alpha=0.05)
        >>> rule.combinations(np.array([[0.9, 0.2]]))[0].astype(int).tolist()
        [[1, 0], [1, 1]]
    """
    if power <= 0:
        raise InputError(f"power must be above 0, not {power!r}")
    labels = np.asarray(labels, dtype=bool)
    if labels.shape != np.shape(proba):
        raise InputError(f"labels have shape {labels.shape} where probabilities have {np.shape(proba)}")
    return PowersetRule(threshold(powerset_scores(proba, labels, power=power), alpha), power)


def _checked(proba: Floats) -> NDArray[np.float64]:
    rows = check_vectors(proba, what="label probabilities").astype(np.float64, copy=False)
    if rows.size and (rows.min() < 0 or rows.max() > 1):
        raise InputError(f"label probabilities must lie between 0 and 1; found {rows.min():.3g} to {rows.max():.3g}")
    return rows


def _costs(rows: NDArray[np.float64], power: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score (N,) of the likeliest combination, and what flipping each label adds (N, K), at least 0."""
    near, far = np.minimum(rows, 1 - rows) ** power, np.maximum(rows, 1 - rows) ** power
    return near.sum(axis=1), far - near


def _listed(best: NDArray[np.bool_], budget: float, costs: NDArray[np.float64], most: int) -> NDArray[np.bool_]:
    """Combinations (C, K) whose flips cost at most `budget`, cheapest first."""
    if budget < 0:
        return np.zeros((0, len(best)), dtype=bool)
    order = np.argsort(costs, kind="stable")
    order = order[costs[order] <= budget]
    chosen = list(islice(_flips(costs[order].tolist(), budget), most))
    found = np.tile(best, (len(chosen), 1))
    for row, flips in enumerate(chosen):
        found[row, order[list(flips)]] ^= True
    return found


def _flips(costs: list[float], budget: float) -> Iterator[tuple[int, ...]]:
    """Subsets of ascending costs with a sum of at most `budget`, cheapest first, each once."""
    yield ()
    heap: list[tuple[float, tuple[int, ...]]] = [(costs[0], (0,))] if costs else []
    while heap:
        spent, flips = heapq.heappop(heap)
        if spent > budget:
            return
        yield flips
        last = flips[-1] + 1
        if last < len(costs):
            heapq.heappush(heap, (spent + costs[last], (*flips, last)))
            heapq.heappush(heap, (spent - costs[last - 1] + costs[last], (*flips[:-1], last)))
