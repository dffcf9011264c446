"""The learning curve of a table: a cheap recipe with fewer labels tells the slope, what is shipped tells the height."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.core.protocols import Executor
from modicum.evaluation.curves import PowerLaw, power_law
from modicum.evaluation.splits import Split
from modicum.workspace.ladder.choice import Candidate
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.problem import Problem
from modicum.workspace.ladder.recipes import FeatureBank, Recipe, fit_recipe

Ints = NDArray[np.int64]
LEVEL = 0.8
FACTORS = (1.5, 2, 3, 4)
"""Multiples of the labels at hand that are forecast."""
NOTE = (
    "Points: a cheap recipe with fewer labels, which tells how steep the curve is. Forecast: what was shipped, with "
    "rows labelled at random, four in five times within the band."
)
PROBES = ("names + shots", "linear")
"""Recipes that tell the slope, the first that was tried."""
SHARES = (0.25, 0.5, 1.0)
"""Shares of each training fold that the cheap recipe is given."""


@dataclass(frozen=True)
class Point:
    """Accuracy on held-out rows with a number of labels."""

    labels: float
    accuracy: float
    se: float


@dataclass(frozen=True)
class Curve:
    """What was measured with fewer labels, and the slope that follows."""

    points: tuple[Point, ...]
    law: PowerLaw


def measure_curve(problem: Problem, climbed: Climb, executor: Executor, seed: int) -> Curve | None:
    """Measure a cheap recipe with a quarter, half and all of the labels of each training fold of the first repeat.

    With under four labels a class the slope is that of other tables. None where nothing honest can be said: with one
    label a class, and where splits follow time, whose blocks cannot be thinned alike.
    """
    folds = climbed.folds[0]
    if problem.times is not None or not climbed.measurable:
        return None
    recipe = next((t.recipe for name in PROBES for t in climbed.tried if t.recipe.name == name), None)
    if recipe is None or np.median(np.bincount(problem.y, minlength=len(problem.space))) < 1 / SHARES[0]:
        return Curve((), power_law([], [], []))
    rng, thin = np.random.default_rng(seed), problem.only(problem.rows)
    bank = FeatureBank(thin)
    splits = [Split(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in np.unique(folds)]
    parts = [Split(_part(thin.y, split.train, share, rng), split.test) for share in SHARES for split in splits]
    right = list(executor.map(lambda split: _right(recipe, bank, split), parts))
    points = []
    for number in range(len(SHARES)):
        inside = slice(number * len(splits), (number + 1) * len(splits))
        hits = np.concatenate(right[inside])
        labels = float(np.mean([len(split.train) for split in parts[inside]]))
        points.append(Point(labels, float(hits.mean()), float(hits.std() / np.sqrt(len(hits)))))
    law = power_law([p.labels for p in points], [1 - p.accuracy for p in points], [p.se for p in points])
    return Curve(tuple(points), law)


def anchor(shipped: Candidate, climbed: Climb, y: Ints) -> tuple[float, float, float]:
    """Labels in a training fold, accuracy on the rows held out of it, and its standard error."""
    repeats, rows = np.nonzero(climbed.folds >= 0)
    hits = shipped.log_proba[repeats, rows].argmax(axis=1) == y[rows]
    held = climbed.folds[0][climbed.folds[0] >= 0]
    taught = len(y) - len(held) / len(np.unique(held))
    return taught, float(hits.mean()), float(hits.std() / np.sqrt(len(np.unique(rows))))


def curve_facts(curve: Curve, shipped: Candidate, climbed: Climb, y: Ints) -> dict[str, Any]:
    """The learning curve as the report tells it: measured points, and what more labels should bring."""
    taught, accuracy, se = anchor(shipped, climbed, y)
    law, more = curve.law, _round(len(y))
    at = [len(y), *(factor * len(y) for factor in FACTORS)]
    found = law.forecast(at, labels=taught, accuracy=accuracy, se=se, level=LEVEL)
    gain = law.forecast([len(y) + more], labels=len(y), accuracy=float(found.accuracy[0]), level=LEVEL)
    low, high = (100 * float(end[0] - found.accuracy[0]) for end in (gain.low, gain.high))
    return {
        "points": [asdict(point) for point in curve.points],
        "forecast": [
            {"labels": round(n), "accuracy": float(a), "low": float(b), "high": float(c)}
            for n, a, b, c in zip(at, found.accuracy, found.low, found.high, strict=True)
        ],
        "level": LEVEL,
        "slope": law.slope,
        "slope_sd": law.slope_sd,
        "said": f"{more} more labels: {low:+.1f} to {high:+.1f} points".replace("-", "−"),
        "note": NOTE if curve.points else f"{NOTE} With so few labels the slope is that of other tables.",
    }


def _round(number: float) -> int:
    """A number with one digit that counts."""
    digits = -int(np.floor(np.log10(max(number, 1))))
    return int(round(number, digits))


def _part(y: Ints, train: Ints, share: float, rng: np.random.Generator) -> Ints:
    """A share of the rows of each class, at least one of each."""
    shuffled = rng.permutation(train)
    order = shuffled[np.argsort(y[shuffled], kind="stable")]
    rank = np.arange(len(order)) - np.searchsorted(y[order], y[order])
    wanted = np.maximum(np.rint(share * np.bincount(y[order], minlength=int(y.max()) + 1)), 1)
    return np.sort(order[rank < wanted[y[order]]])


def _right(recipe: Recipe, bank: FeatureBank, split: Split) -> NDArray[np.bool_]:
    scores = fit_recipe(recipe, bank, split.train).scores(bank.problem.X[split.test])
    return np.asarray(scores.argmax(axis=1) == bank.problem.y[split.test])
