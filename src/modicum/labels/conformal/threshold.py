"""The conformal quantile, on which every promise rests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.checks import check_fraction


def threshold(scores: NDArray[np.floating], alpha: float) -> float:
    """The ceil((n + 1)(1 - alpha))-th smallest of n scores of true classes; infinity where n is too small for alpha.

    A new row's score, exchangeable with these, is at most the threshold with probability at least 1 - alpha, and with
    probability at most 1 - alpha + 1 / (n + 1) where scores have no ties.

    Raises:
        InputError: `alpha` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> threshold(np.arange(1.0, 20.0), 0.1)
        18.0
        >>> threshold(np.arange(1.0, 5.0), 0.1)
        inf
    """
    check_fraction(alpha, "alpha")
    rank = int(np.ceil((len(scores) + 1) * (1 - alpha) - 1e-9))
    return float("inf") if rank > len(scores) else float(np.partition(scores, rank - 1)[rank - 1])
