"""How well rows of none of the classes are told from the others, by a score or by a mark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_auc_score

from modicum.core.checks import check_fraction, check_values
from modicum.core.errors import InputError


@dataclass(frozen=True)
class DetectionFacts:
    """What a score of how typical rows are is worth."""

    auroc: float
    """Probability that a typical row scores higher than one that is not, ties counting half."""
    false_alarms: float
    """Share of typical rows that score no higher than the threshold under which the wanted recall is reached."""


def detection_metrics(scores: ArrayLike, unknown: NDArray[np.bool_], *, recall: float = 0.95) -> DetectionFacts:
    """Facts of scores (N,), higher is more typical, against the mask (N,) of rows that are not.

    Args:
        scores: How typical each row is (N,).
        unknown: Rows (N,) that are not; at least one, and not all.
        recall: Share of these that the threshold of `false_alarms` is to find, 0 to 1.

    Raises:
        InputError: Scores are not finite, one of the two kinds has no row, or `recall` is not between 0 and 1.

    Example:
        >>> import numpy as np
        >>> detection_metrics([0.9, 0.4, 0.5, 0.1], np.array([False, False, True, True]))
        DetectionFacts(auroc=0.75, false_alarms=0.5)
    """
    unknown = np.asarray(unknown, dtype=bool)
    values = check_values(scores, rows=len(unknown), what="scores")
    check_fraction(recall, "recall")
    found = np.sort(values[unknown])
    if len(found) in (0, len(values)):
        raise InputError("scores are judged on rows of both kinds, typical ones and others; give some of each")
    limit = found[int(np.ceil(recall * len(found) - 1e-9)) - 1]
    return DetectionFacts(float(roc_auc_score(~unknown, values)), float((values[~unknown] <= limit).mean()))
