"""PAC thresholds: a promise that holds for this calibration set, not only on average over calibration sets.

The question: how sure is it that the sets of this very rule miss the truth at most so often? A conformal threshold
keeps its promise on average over calibration sets, so about half of all rules miss more. Here so many calibration rows
may lie above the threshold that, were the risk too large, so few misses would be seen with probability at most delta.
Sets are a little larger. Do not use it with few rows: at risk 0.1 and confidence 0.95 it takes 29, under which every
set holds all classes.

Paper: "PAC Prediction Sets for Large Language Models of Code" (Khakhar et al. 2023), whose threshold is that of Park et
al. 2020. Changed: nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from modicum.core.card import Card
from modicum.core.checks import check_fraction

CARD = Card(
    name="pac_threshold",
    room="labels",
    question="conformal",
    summary="Threshold whose miss rate is at most epsilon with confidence 1 - delta, for this calibration set",
    paper="PAC Prediction Sets for Large Language Models of Code",
    year=2023,
    needs=("labels", "probabilities"),
    cost="O(N log N)",
    tags=("conformal", "prediction sets", "PAC"),
    ids=("000-020",),
)


def pac_threshold(scores: NDArray[np.floating], epsilon: float, *, delta: float = 0.05) -> float:
    """The smallest threshold that misses at most `epsilon` of new rows, with confidence 1 - delta.

    Args:
        scores: Non-conformity (n,) of the true class of each calibration row, higher conforms less.
        epsilon: Share of new rows whose true class may score above the threshold, 0 to 1.
        delta: Probability, over calibration sets, with which this may fail, 0 to 1.

    Returns:
        The threshold; infinity where n is too small.

    Raises:
        InputError: `epsilon` or `delta` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> pac_threshold(np.arange(1.0, 30.0), 0.1)
        29.0
        >>> pac_threshold(np.arange(1.0, 29.0), 0.1)
        inf
    """
    check_fraction(epsilon, "epsilon")
    check_fraction(delta, "delta")
    n = len(scores)
    misses = int(np.searchsorted(binom.cdf(np.arange(n), n, epsilon), delta, side="right"))
    return float("inf") if misses == 0 else float(np.sort(scores)[n - misses])
