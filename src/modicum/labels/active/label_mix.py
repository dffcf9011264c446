"""Cheap weak labels or dear clean ones: which mix does a budget buy most with?

The question: a crowd, a rule or a model gives labels that are cheap and partly wrong, an expert gives clean ones; how
many of each? From accuracies measured with several mixes a surface is fitted, on which a weak label is worth a falling
fraction of a clean one; along a budget it tells the best mix, and over budgets the Pareto curve of cost and error.
Three regimes come out: weak labels alone while labels are few, a mix, and clean labels alone. Do not use it with fewer
than five measured mixes, far beyond them, or where weak labels err on purpose in one direction.

Paper: "Balancing Label Quantity and Quality for Scalable Elicitation" (Mallen & Belrose 2024). Changed: there each mix
is trained and measured; here measured mixes are continued by a surface with four parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.errors import InputError

CARD = Card(
    name="label_mix",
    room="labels",
    question="active",
    summary="How many cheap weak and dear clean labels to buy, from measured mixes",
    paper="Balancing Label Quantity and Quality for Scalable Elicitation",
    year=2024,
    needs=("labels",),
    cost="O(G P) for P measured mixes and G = 2,379 pairs of rates",
    tags=("active learning", "budget", "weak labels", "pareto"),
    ids=("000-040",),
)

RATES = np.concatenate([[0.0], np.geomspace(0.005, 1.0, 60)])
BENDS = np.linspace(0.05, 1.0, 39)
RIDGE = 1e-6

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LabelMix:
    """error = scale * (1 + clean + rate * weak ** bend) ** -slope."""

    scale: float
    slope: float
    rate: float
    """What the first weak label is worth, in clean ones, 0 to 1."""
    bend: float
    """1: the last weak label is worth as much as the first; near 0: weak labels soon say nothing new."""

    def error(self, weak: ArrayLike, clean: ArrayLike) -> Floats:
        """Share of wrong answers to be expected with numbers of labels (P,), 0 to 1."""
        worth = 1 + np.asarray(clean, dtype=np.float64) + self.rate * np.asarray(weak, dtype=np.float64) ** self.bend
        return np.minimum(self.scale * worth**-self.slope, 1.0)

    def best(self, budget: float, *, weak_cost: float, clean_cost: float, steps: int = 400) -> tuple[int, int]:
        """Numbers of weak and clean labels that a budget buys least error with.

        Args:
            budget: What may be spent, at least 0.
            weak_cost: Cost of a weak label, above 0.
            clean_cost: Cost of a clean label, above 0.
            steps: Mixes tried between all clean and all weak, at least 1.

        Raises:
            InputError: The budget is negative, or a cost not above 0.

        Example:
            >>> LabelMix(1.0, 0.3, 0.2, 1.0).best(100, weak_cost=1, clean_cost=10)
            (100, 0)
        """
        if budget < 0 or not weak_cost > 0 or not clean_cost > 0:
            raise InputError("the budget must be at least 0, and the cost of labels above 0")
        clean = np.unique(np.floor(np.linspace(0, budget / clean_cost, steps + 1) + 1e-9))
        weak = np.floor((budget - clean * clean_cost) / weak_cost + 1e-9)
        place = int(self.error(weak, clean).argmin())
        return int(weak[place]), int(clean[place])


def label_mix(weak: ArrayLike, clean: ArrayLike, errors: ArrayLike) -> LabelMix:
    """Fit the surface to measured mixes.

    Args:
        weak: Numbers of weak labels (P,), P at least 5, at least 0.
        clean: Numbers of clean labels (P,), at least 0.
        errors: Share of wrong answers measured with each mix (P,), above 0 to 1.

    Returns:
        The surface, by least squares on the logarithm of the error. Cost: O(P) for each of 2,379 pairs of rates.

    Raises:
        InputError: The arrays differ in length, are too short, or a number is out of its range.

    Example:
        >>> truth = LabelMix(1.0, 0.3, 0.2, 1.0)
        >>> weak, clean = np.array([0, 100, 0, 100, 400, 400]), np.array([50, 0, 200, 50, 50, 0])
        >>> found = label_mix(weak, clean, truth.error(weak, clean))
        >>> bool(abs(found.error([200], [20]) - truth.error([200], [20]))[0] < 0.01)
        True
    """
    w, c, e = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (weak, clean, errors))
    if not w.shape == c.shape == e.shape or len(w) < 5:
        raise InputError(
            f"{len(w)} numbers of weak, {len(c)} of clean labels, {len(e)} errors; give five or more of each"
        )
    if (w < 0).any() or (c < 0).any() or not ((e > 0) & (e <= 1)).all():
        raise InputError("numbers of labels must be at least 0, and errors above 0 and at most 1")
    rate, bend = (grid.ravel()[:, None] for grid in np.meshgrid(RATES, BENDS, indexing="ij"))
    x, y = np.log(1 + c + rate * w**bend), np.log(e)
    centred = x - x.mean(axis=1, keepdims=True)
    slope = np.maximum(-(centred @ (y - y.mean())) / ((centred**2).sum(axis=1) + RIDGE), 0)
    level = y.mean() + slope * x.mean(axis=1)
    best = int(((y - level[:, None] + slope[:, None] * x) ** 2).sum(axis=1).argmin())
    return LabelMix(float(np.exp(level[best])), float(slope[best]), float(rate[best, 0]), float(bend[best, 0]))


def pareto_front(cost: ArrayLike, error: ArrayLike) -> NDArray[np.int64]:
    """Positions of the mixes that no other beats on cost and error, cheapest first.

    Args:
        cost: Cost of each mix (P,).
        error: Error of each mix (P,).

    Returns:
        Positions among the mixes, by rising cost and falling error.

    Raises:
        InputError: The arrays differ in length.

    Example:
        >>> pareto_front([1, 2, 3, 3], [0.5, 0.6, 0.2, 0.3]).tolist()
        [0, 2]
    """
    costs, errors = np.asarray(cost, dtype=np.float64), np.asarray(error, dtype=np.float64)
    if costs.ndim != 1 or costs.shape != errors.shape:
        raise InputError(f"{costs.size} costs and {errors.size} errors; give one of each for every mix")
    order = np.lexsort((errors, costs))
    before = np.concatenate([[np.inf], np.minimum.accumulate(errors[order])[:-1]])
    return order[errors[order] < before]
