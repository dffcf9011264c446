"""What is trending: votes and mentions, of which half are forgotten every few days."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.errors import InputError

HALF_LIFE = 3.0
"""Days in which a paper's score halves."""
MENTION = 2.0
"""Votes that a mention is worth: writing about a paper is more work than a click."""


def trend_scores(
    votes: ArrayLike, mentions: ArrayLike, days: ArrayLike, *, half_life: float = HALF_LIFE, mention: float = MENTION
) -> NDArray[np.float64]:
    """Scores (N,): (votes + `mention` x mentions) x 2^(-days / `half_life`). Higher is more trending.

    Args:
        votes: Votes (N,), at least 0.
        mentions: Mentions (N,): comments, and further places that carry the paper.
        days: Age (N,) in days; a date in the future counts as today, NaN (no date) as infinitely old.
        half_life: Days in which a score halves, above 0.
        mention: Votes that a mention is worth, at least 0.

    Raises:
        InputError: A setting is out of range.

    Example:
        >>> trend_scores([8, 8, 0], [0, 0, 2], [0.0, 3.0, 0.0]).tolist()
        [8.0, 4.0, 4.0]
    """
    if not half_life > 0 or not mention >= 0:
        raise InputError("the half-life must be above 0, and what a mention is worth at least 0")
    told = np.asarray(votes, np.float64) + mention * np.asarray(mentions, np.float64)
    age = np.maximum(np.nan_to_num(np.asarray(days, np.float64), nan=np.inf), 0)
    return np.asarray(told * np.exp2(-age / half_life))
