"""Corrected resampled t-test: does one recipe beat the other, when both were measured on the same splits?

The question: cross-validated scores of two recipes differ; is it more than the luck of the draw? Scores are compared
split by split, and the variance of their mean is raised by the share of rows that train sets have in common, which
the plain t-test forgets and therefore finds differences that are not there. With very few rows the splits cannot
tell either, so the error is never taken below that of the paired rows. Do not use it for recipes measured on
different rows.

Paper: "Inference for the Generalization Error" (Nadeau & Bengio 2003). Changed: rows that were never held out are
left out, folds are weighted by their size, and the standard error has the paired rows' own error as its floor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from modicum.core.card import Card

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
    """Mean difference first - second, its standard error, and the degrees of freedom behind it."""

    difference: float
    standard_error: float
    freedom: int

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided confidence interval at `level` (0 to 1)."""
        half = float(stats.t.ppf(0.5 + level / 2, self.freedom)) * self.standard_error
        return self.difference - half, self.difference + half

    def resolved(self, level: float = 0.95) -> bool:
        """Whether the interval leaves out zero."""
        low, high = self.interval(level)
        return low > 0 or high < 0


def corrected_difference(
    first: NDArray[np.floating], second: NDArray[np.floating], folds: NDArray[np.int64]
) -> Difference:
    """Compare two recipes from their results on the same held-out rows.

    Args:
        first: Result (R, N) of each row in each repeat, higher is better, NaN where it was never held out.
        second: The same of the other recipe.
        folds: Fold (R, N) in which the row was held out; negative where it never was.

    Returns:
        Mean difference and its standard error, with (number of splits - 1) degrees of freedom, at least 1.

    Example:
        >>> import numpy as np
        >>> folds = np.tile([0, 1, 2, 3, 4], 8)[None]
        >>> better, worse = np.ones((1, 40)), np.tile([1.0, 0, 0, 0], 10)[None]
        >>> corrected_difference(better, worse, folds).resolved()
        True
    """
    gap = first - second
    means, sizes, shares = [], [], []
    for values, held in zip(gap, folds, strict=True):
        seen = int((held >= 0).sum())
        for fold in np.unique(held[held >= 0]):
            inside = held == fold
            means.append(float(values[inside].mean()))
            sizes.append(int(inside.sum()))
            shares.append(inside.sum() / max(seen - inside.sum(), 1))
    weight = np.array(sizes) / np.sum(sizes)
    mean = float(weight @ means)
    splits = len(means)
    spread = float(weight @ (np.array(means) - mean) ** 2) * splits / max(splits - 1, 1)
    resampled = (1 / splits + float(np.mean(shares))) * spread
    ever = (folds >= 0).any(axis=0)
    rows = np.nanmean(gap[:, ever], axis=0)
    paired = rows.var(ddof=1) / len(rows) if len(rows) > 1 else 0.0
    return Difference(mean, float(np.sqrt(max(resampled, paired))), max(splits - 1, 1))
