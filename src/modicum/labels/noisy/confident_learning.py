"""Confident learning: labels that held-out predictions contradict beyond each class's usual doubt.

The question: which labels are probably wrong? Each class gets a threshold, the mean probability that its own rows
give it; a row is accused when another class reaches its threshold there and beats the label. Accused rows are ordered
by how little the model believes their label. Probabilities must come from models that never saw the row. Do not
expect much of it with one to three labels a class, or where most labels are wrong.

Paper: "Confident Learning: Estimating Uncertainty in Dataset Labels" (Northcutt et al. 2021). Changed: nothing in the
rule; classes without a labelled row have no threshold and are never suggested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_codes, check_probabilities

CARD = Card(
    name="label_issues",
    room="labels",
    question="noisy",
    summary="Probable label errors from held-out probabilities and each class's own threshold",
    paper="Confident Learning: Estimating Uncertainty in Dataset Labels",
    year=2021,
    needs=("labels", "probabilities"),
    cost="O(N K)",
    tags=("label errors", "baseline"),
)


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """Accused rows, most suspicious first."""

    rows: NDArray[np.int64]
    suggested: NDArray[np.int64]
    """The class each should rather have."""
    scores: NDArray[np.float64]
    """Probability of the given label, 0 (surely wrong) to 1."""


def label_issues(proba: NDArray[np.floating], codes: NDArray[np.int64]) -> LabelIssues:
    """Find probable label errors.

    Args:
        proba: Held-out probabilities (N, K).
        codes: Given labels (N,).

    Raises:
        InputError: `proba` are no probabilities, or a code is not in 0..K-1.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
        >>> label_issues(proba, np.array([0, 0, 1, 1, 0])).rows.tolist()
        [4]
    """
    proba = check_probabilities(proba)
    codes = check_codes(codes, classes=proba.shape[1], rows=len(proba))
    own = proba[np.arange(len(codes)), codes]
    counts = np.bincount(codes, minlength=proba.shape[1])
    means = np.bincount(codes, own, proba.shape[1]) / np.maximum(counts, 1)
    thresholds = np.where(counts > 0, means, np.inf)
    confident = np.where(proba >= thresholds - 1e-6, proba, -1.0)
    suggested = confident.argmax(axis=1)
    accused = (suggested != codes) & (confident.max(axis=1) > own)
    rows = np.flatnonzero(accused)
    rows = rows[np.argsort(own[rows], kind="stable")]
    return LabelIssues(rows, suggested[rows], own[rows])
