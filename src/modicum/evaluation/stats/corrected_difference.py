"""Corrected resampled t-test: does one recipe beat the other, when both were measured on the same splits?

The question: cross-validated scores of two recipes differ; is it more than the luck of the draw? Scores are compared
split by split, and the variance of their mean is raised by the share of rows that train sets have in common, which
the plain t-test forgets and therefore finds differences that are not there. With very few rows the splits cannot
tell either, so the error is never taken below that of the paired rows. Do not use it for recipes measured on
different rows, nor to pick the best of many without allowing for the number of comparisons.

Paper: "Inference for the Generalization Error" (Nadeau & Bengio 2003). Changed: rows that were never held out are
left out and folds are weighted by their size. Repeats make splits but no rows, so the rows bound what can be claimed:
the standard error has as its floor that of the N rows, each averaged over repeats, and the difference divided by N + 1
(rows that all agree prove no certainty); there are fewer degrees of freedom than rows on which the recipes differ; and
nothing is resolved that a sign test on those rows, all in favour of one recipe, would not resolve.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError

CARD = Card(
    name="corrected_difference",
    room="evaluation",
    question="stats",
    summary="Paired difference of two recipes over repeated splits, with an error that knows they overlap",
    paper="Inference for the Generalization Error",
    year=2003,
    needs=("labels",),
    cost="O(R N) for R repeats of N rows",
    tags=("t-test", "cross-validation"),
)


@dataclass(frozen=True)
class Difference:
    """Mean difference first - second, its standard error, and the evidence behind it."""

    difference: float
    standard_error: float
    freedom: int
    """Degrees of freedom of the t distribution."""
    rows: int
    """Rows on which the two differ; the others say nothing."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided confidence interval at `level` (0 to 1)."""
        check_fraction(level, "level")
        half = float(stats.t.ppf(0.5 + level / 2, self.freedom)) * self.standard_error
        return self.difference - half, self.difference + half

    def resolved(self, level: float = 0.95) -> bool:
        """Whether the interval leaves out zero, and there are rows enough for that to mean something."""
        low, high = self.interval(level)
        return (low > 0 or high < 0) and 2.0 ** (1 - self.rows) <= 1 - level


def corrected_difference(
    first: NDArray[np.floating], second: NDArray[np.floating], folds: NDArray[np.int64]
) -> Difference:
    """Compare two recipes from their results on the same held-out rows.

    Args:
        first: Result (R, N) of each row in each repeat, higher is better, NaN where it was never held out.
        second: The same of the other recipe.
        folds: Fold (R, N) in which the row was held out; negative where it never was.

    Returns:
        Mean difference and its standard error; degrees of freedom: splits, or rows that differ if fewer, minus one.

    Raises:
        InputError: The three differ in shape, or no row was ever held out.

    Example:
        >>> import numpy as np
        >>> folds = np.tile([0, 1, 2, 3, 4], 8)[None]
        >>> better, worse = np.ones((1, 40)), np.tile([1.0, 0, 0, 0], 10)[None]
        >>> corrected_difference(better, worse, folds).resolved()
        True
    """
    if not first.shape == second.shape == folds.shape:
        raise InputError(
            f"results of shapes {first.shape} and {second.shape} for folds of shape {folds.shape}; give (R, N) of each"
        )
    held = folds >= 0
    if not held.any():
        raise InputError("no row was held out, so there is nothing to compare; label rows of at least two groups")
    gap = np.where(held, first - second, 0.0)
    splits = np.where(held, folds + np.arange(len(folds))[:, None] * (folds.max() + 1), -1)[held]
    _, place, sizes = np.unique(splits, return_inverse=True, return_counts=True)
    means = np.bincount(place, gap[held]) / sizes
    weight = sizes / sizes.sum()
    mean = float(weight @ means)
    count = len(means)
    seen = np.repeat(held.sum(axis=1), held.sum(axis=1))
    taught = np.bincount(place, seen) / sizes - sizes
    spread = float(weight @ (means - mean) ** 2) * count / max(count - 1, 1)
    resampled = (1 / count + float(np.mean(sizes / np.maximum(taught, 1)))) * spread
    ever = held.any(axis=0)
    rows = gap[:, ever].sum(axis=0) / held[:, ever].sum(axis=0)
    n = len(rows)
    paired = float(rows.var(ddof=1)) / n if n > 1 else 0.0
    error = float(np.sqrt(max(resampled, paired, (mean / (n + 1)) ** 2)))
    telling = int(np.count_nonzero(rows))
    return Difference(mean, error, max(min(count, telling) - 1, 1), telling)
