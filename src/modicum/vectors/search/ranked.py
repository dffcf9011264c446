"""The order of a list of scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def ranked(scores: Floats, most: int | None = None) -> NDArray[np.int64]:
    """Rows with the highest of the scores (N,), best first, equal ones in the order of the rows.

    Args:
        scores: Scores (N,), higher is better; a row at minus infinity was not found and is never named.
        most: How many rows are named at most, at least 0; default all. Cost: O(N), and O(most log most) to order them.

    Example:
        >>> import numpy as np
        >>> ranked(np.array([0.2, -np.inf, 0.9, 0.2]), 2).tolist()
        [2, 0]
    """
    found = np.flatnonzero(scores > -np.inf)
    if most is not None and most < len(found):
        if most == 0:
            return found[:0]
        least = np.partition(scores[found], len(found) - most)[len(found) - most]
        found = found[scores[found] >= least]
    return found[np.argsort(-scores[found], kind="stable")][:most]
