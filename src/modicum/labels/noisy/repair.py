"""Repair: what a doubtful label still teaches, as soft labels and weights.

The question: how is a model fitted when some labels are not to be believed? Each row's label becomes the probability
of every class given the row and its label; a row counts the less, the less is known of it. Nothing is written into
the table: soft labels are an argument of the next fit, and any head that takes weights takes them, because a row of
probabilities q is the same to it as one weighted row for each class. Do not repair what was never in doubt: where
few labels are wrong, the belief of a model that was fitted on few rows costs more than the errors.

Paper: "Pre-trained Language Models as Re-Annotators" (2023): corrected labels as uncertain, soft ones. Changed: the
soft labels come from `credibility`; weights; soft labels become weighted rows, so that no head has to know them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modicum.core.arrays import entropy
from modicum.core.card import Card
from modicum.core.checks import check_probabilities, check_share

CARD = Card(
    name="repair",
    room="labels",
    question="noisy",
    summary="Soft labels and weights in place of doubtful labels, as rows that any head takes",
    paper="Pre-trained Language Models as Re-Annotators",
    year=2023,
    needs=("labels", "probabilities"),
    cost="O(N K)",
    tags=("label noise", "soft labels"),
    ids=("001-097",),
)


@dataclass(frozen=True, eq=False)
class Repaired:
    """Labels after repair."""

    soft: NDArray[np.float64]
    """Probability of each class (N, K)."""
    weight: NDArray[np.float64]
    """What each row is to count (N,), 0 to 1."""

    def weighted_rows(self, least: float = 0.005) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The same as hard labels: row numbers, classes and weights, each (R,), for a head's `fit(X[rows], ...)`.

        Shares below `least` are left out, and with them a row none of whose classes reaches it; at most N K rows are
        returned.
        """
        rows, codes = np.nonzero(self.soft >= least)
        return rows, codes, self.weight[rows] * self.soft[rows, codes]


def repair(posterior: NDArray[np.floating], *, trust: float = 0.0) -> Repaired:
    """Soft labels and weights.

    Args:
        posterior: Probability of each class (N, K), the label taken into account, as from `credibility`.
        trust: How strongly doubt costs weight: 0 counts every row fully, 1 a row of which nothing is known not at all.

    Raises:
        InputError: `posterior` are no probabilities, or `trust` is not in 0..1.

    Example:
        >>> import numpy as np
        >>> repair(np.array([[1.0, 0.0], [0.5, 0.5]]), trust=1.0).weight.round(2).tolist()
        [1.0, 0.0]
    """
    posterior = check_probabilities(posterior)
    check_share(trust, "trust")
    doubt = entropy(posterior) / np.log(max(posterior.shape[1], 2))
    return Repaired(posterior / posterior.sum(axis=1, keepdims=True), np.clip(1 - trust * doubt, 0, 1))
