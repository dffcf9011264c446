"""Whether prediction sets keep their promise, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SetFacts:
    """Coverage and size of prediction sets."""

    coverage: float
    """Share of rows whose set holds the truth."""
    mean_size: float
    class_coverage: NDArray[np.float64]
    """Coverage of each class (K,), NaN for classes without rows."""


def set_metrics(sets: NDArray[np.bool_], codes: NDArray[np.int64]) -> SetFacts:
    """Facts of prediction sets, a mask (N, K), against true classes (N,).

    Example:
        >>> import numpy as np
        >>> facts = set_metrics(np.array([[True, True], [True, False]]), np.array([1, 1]))
        >>> facts.coverage, facts.mean_size
        (0.5, 1.5)
    """
    hit = sets[np.arange(len(codes)), codes]
    counts = np.bincount(codes, minlength=sets.shape[1])
    hits = np.bincount(codes, hit, sets.shape[1])
    by_class = np.divide(hits, counts, out=np.full(sets.shape[1], np.nan), where=counts > 0)
    return SetFacts(float(hit.mean()), float(sets.sum(axis=1).mean()), by_class)
