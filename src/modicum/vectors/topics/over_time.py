"""Topics over time: which grow, which fade, and is it more than chance?

The question: how does the share of each topic change? Times are cut into periods of equal length, the rows of each
topic are counted in each period, and a straight trend of the share is tested by the Cochran-Armitage statistic. Do not
use it where rows were not drawn alike in all periods (a campaign of one week is no trend), or read a trend into a topic
that came and went: the test sees straight lines only.

Paper: "Dynamic Topic Models" (Blei and Lafferty 2006) asks the question; the test is that of "Tests for Linear Trends
in Proportions and Frequencies" (Armitage 1955). Changed: topics stay as they are and only their shares move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from modicum.core.card import Card
from modicum.core.checks import check_codes, check_values
from modicum.core.errors import InputError

CARD = Card(
    name="topics_over_time",
    room="vectors",
    question="topics",
    summary="Share of each topic by period, and which topics grow or fade beyond chance",
    paper="Dynamic Topic Models",
    year=2006,
    needs=("labels",),
    cost="O(N + K T) for T periods",
    tags=("time", "trend"),
)


@dataclass(frozen=True, eq=False)
class OverTime:
    """Counts of topics by period."""

    edges: NDArray[np.float64]
    """Where periods begin and end (T + 1,)."""
    counts: NDArray[np.int64]
    """Rows of each topic in each period (K, T)."""
    trend: NDArray[np.float64]
    """Standardised Cochran-Armitage statistic (K,): above 0 where the share grows; beyond 2 or so is hardly chance."""
    p_value: NDArray[np.float64]
    """Of the two-sided test (K,), times the number of topics and at most 1 (Bonferroni)."""

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each topic among the rows of a period (K, T); zeros for a period without rows."""
        return np.asarray(self.counts / np.maximum(self.counts.sum(axis=0), 1))


def topics_over_time(
    codes: NDArray[np.int64], times: NDArray[np.float64], topics: int, *, periods: int = 12
) -> OverTime:
    """Count topics by period.

    Args:
        codes: Topic (N,) of each row, in 0..K-1.
        times: Time (N,) of each row, in any unit.
        topics: K.
        periods: T, at least 1; one where all times are equal.

    Returns:
        Counts with trends; a period holds its beginning, and the last one its end, too.

    Raises:
        InputError: The arrays do not belong together, or there is no row.

    Example:
        >>> import numpy as np
        >>> found = topics_over_time(np.array([0, 0, 1, 0, 1, 1]), np.arange(6.0), 2, periods=2)
        >>> found.counts.tolist(), found.trend.round(2).tolist()
        ([[2, 1], [1, 2]], [-0.82, 0.82])
    """
    when = check_values(times, what="times")
    codes = check_codes(codes, classes=topics, rows=len(when))
    if len(when) == 0 or periods < 1:
        raise InputError("topics over time need a row and a period at least")
    span = (float(when.min()), float(when.max()))
    edges = np.linspace(*span, (periods if span[1] > span[0] else 1) + 1)
    period = np.clip(np.searchsorted(edges, when, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(codes * (len(edges) - 1) + period, minlength=topics * (len(edges) - 1))
    counts = counts.reshape(topics, -1)
    trend = _armitage(counts)
    p_value = np.minimum(2 * norm.sf(np.abs(trend)) * topics, 1)
    return OverTime(edges, counts, trend, p_value)


def _armitage(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Standardised trend statistic of each row of counts (K, T) against the others."""
    total = counts.sum(axis=0)
    rows = total.sum()
    share = counts.sum(axis=1) / rows
    score = np.arange(counts.shape[1]) - (total @ np.arange(counts.shape[1])) / rows
    spread = np.sqrt(share * (1 - share) * (total @ score**2))
    return np.asarray((counts @ score) / np.where(spread > 0, spread, 1))
