"""Whether prediction sets keep their promise, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.evaluation.metrics.rows import check_truth


@dataclass(frozen=True, eq=False)
class SetFacts:
    """Coverage and size of prediction sets."""

    coverage: float
    """Share of rows whose set holds the truth."""
    mean_size: float
    """Mean number of classes in a set; empty sets count."""
    sizes: NDArray[np.int64]
    """Number of rows (K + 1,) whose set holds 0, 1, ... K classes."""
    class_coverage: NDArray[np.float64]
    """Coverage of each class (K,), NaN for classes without rows."""


def set_metrics(sets: NDArray[np.bool_], codes: NDArray[np.int64]) -> SetFacts:
    """Facts of prediction sets, a mask (N, K), against true classes (N,).

    Raises:
        InputError: There is no row, or the arrays do not belong together.

    Example:
        >>> import numpy as np
        >>> facts = set_metrics(np.array([[True, True], [True, False]]), np.array([1, 1]))
        >>> facts.coverage, facts.mean_size
        (0.5, 1.5)
        >>> facts.sizes.tolist()
        [0, 1, 1]
    """
    rows, classes = sets.shape
    truth = check_truth(codes, rows, classes)
    hit = sets[np.arange(rows), truth]
    size = sets.sum(axis=1)
    counts = np.bincount(truth, minlength=classes)
    by_class = np.divide(np.bincount(truth, hit, classes), counts, out=np.full(classes, np.nan), where=counts > 0)
    return SetFacts(float(hit.mean()), float(size.mean()), np.bincount(size, minlength=classes + 1), by_class)
