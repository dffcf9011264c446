"""Whether models with more intruder dimensions have forgotten more of another task.

Source: "LoRA vs Full Fine-tuning: An Illusion of Equivalence" (Shuttleworth et al. 2024).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.stats import spearmanr

from modicum.core.errors import InputError
from modicum.weights.diagnose.intruder_dimensions import intruder_dimensions
from modicum.weights.states import State

FEWEST = 3


@dataclass(frozen=True)
class Forgetting:
    """Intruders and what was lost, for each tuned model."""

    intruders: tuple[int, ...]
    """How many there are in all matrices."""
    lost: tuple[float, ...]
    """The base's score on the other task minus that of the tuned model: negative where tuning helped."""
    correlation: float
    """Spearman's rank correlation of the two, -1 to 1; NaN where one of them is the same for all models."""
    p_value: float
    """Of no correlation; NaN with it."""


def relate_forgetting(
    base: State,
    tuned: Sequence[State],
    score: Callable[[State], float],
    *,
    targets: str | None = None,
    top: int = 10,
    threshold: float = 0.5,
) -> Forgetting:
    """Count intruders in tuned models, and relate them to what the models lost on another task.

    Args:
        base: State dict before tuning.
        tuned: State dicts after it, at least 3, such as the same task at several ranks and rates.
        score: What a state dict is worth on a task that none was tuned on; larger is better.
        targets: Which tensors, as for `intruder_dimensions`.
        top: How many leading singular vectors are looked at.
        threshold: Under which similarity one is an intruder.

    Raises:
        InputError: There are under 3 models, they do not fit the base or hold NaN, or `top` is under 1.

    Example:
        >>> import torch
        >>> base = torch.eye(4)[:, :2]
        >>> models = [base + size * torch.eye(4)[2][:, None] for size in (0.0, 9.0, 99.0)]
        >>> found = relate_forgetting({"w": base}, [{"w": m} for m in models], lambda state: -state["w"].sum().item())
        >>> found.intruders, found.lost, round(found.correlation, 2)
        ((0, 1, 1), (0.0, 18.0, 198.0), 0.87)
    """
    if len(tuned) < FEWEST:
        raise InputError(f"a relation takes at least {FEWEST} tuned models, not {len(tuned)}")
    found = [intruder_dimensions(base, state, targets=targets, top=top, threshold=threshold) for state in tuned]
    counts = tuple(sum(len(matrix.places) for matrix in by_name.values()) for by_name in found)
    before = score(base)
    lost = tuple(float(before - score(state)) for state in tuned)
    if len(set(counts)) == 1 or len(set(lost)) == 1:
        return Forgetting(counts, lost, math.nan, math.nan)
    relation = spearmanr(counts, lost)
    return Forgetting(counts, lost, float(relation.statistic), float(relation.pvalue))
