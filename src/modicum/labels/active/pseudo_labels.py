"""Rows that a model labels itself, with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PseudoLabels:
    """P rows with a label that no person gave; `fit(X, y, sample_weight)` takes them beside the labelled ones."""

    rows: NDArray[np.int64]
    """Row numbers (P,), ascending."""
    codes: NDArray[np.int64]
    """Their classes (P,)."""
    weight: NDArray[np.float64]
    """How much each counts (P,), above 0; 1 is as much as a labelled row."""
