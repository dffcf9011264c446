"""RAD: rows that teach much even if some of the teacher's answers are wrong.

The question: a large model answers instead of a person, and is sometimes wrong, most often just where the small model
is in doubt; which rows should it be asked for? An adversary spoils as many answers as the teacher gets wrong, and the
rows are drawn with the chances that make the worst case best: in inverse proportion to how much a row would teach,
among the rows that would teach most. A teacher without errors gives the most doubtful rows alone, a poor one spreads
the batch. Do not use it with people who are right (margin_query), or where the teacher's errors are known by row.

Paper: "Robust Active Distillation" (Baykal et al. 2023). Changed: the number of wrong answers comes from the teacher's
own probabilities where they are given; and the support holds at least as many rows as are wanted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modicum.core.card import Card
from modicum.core.checks import check_probabilities
from modicum.core.errors import InputError
from modicum.labels.active.unlabelled import Unlabelled, margins, unlabelled

CARD = Card(
    name="robust_query",
    room="labels",
    question="active",
    summary="RAD: rows to ask an uncertain teacher for, best in the worst case",
    paper="Robust Active Distillation",
    year=2023,
    needs=("probabilities", "unlabelled"),
    cost="O(N K + N log N)",
    tags=("active learning", "distillation", "noise"),
    ids=("000-012",),
)

LEAST = 1e-6
"""Gain of a row of which the model is sure; inverse gains must stay finite."""


def robust_chances(gains: NDArray[np.floating], wrong: float, *, budget: int = 1) -> tuple[NDArray[np.float64], float]:
    """Chances of rows that maximise the expected gain against an adversary who spoils `wrong` of them.

    Args:
        gains: What a correct answer would teach for each row (N,), above 0.
        wrong: Number of rows whose answers are wrong, at least 0 and below N.
        budget: Rows to be drawn, 1 to N; the support holds at least as many.

    Returns:
        Chances (N,) that sum to 1, and the gain per draw that is sure. On the support, chance times gain is constant,
        so that the adversary has no best row. Cost: O(N log N).

    Raises:
        InputError: A gain is not above 0, or the numbers are out of their ranges.

    Example:
        >>> import numpy as np
        >>> chances, sure = robust_chances(np.array([1.0, 0.5, 0.1]), 1)
        >>> chances.round(3).tolist(), round(sure, 3)
        ([0.333, 0.667, 0.0], 0.333)
    """
    if (gains <= 0).any() or not 0 <= wrong < len(gains) or not 1 <= budget <= len(gains):
        raise InputError("gains must be above 0, wrong answers fewer than the rows, and the budget 1 to all of them")
    order = np.argsort(-gains, kind="stable")
    inverse = 1 / gains[order].astype(np.float64)
    totals = inverse.cumsum()
    value = (np.arange(1, len(gains) + 1) - wrong) / totals
    size = int(value[budget - 1 :].argmax()) + budget
    chances = np.zeros(len(gains))
    chances[order[:size]] = inverse[:size] / totals[size - 1]
    return chances, float(value[size - 1])


def robust_query(
    X: NDArray[np.floating],
    proba: NDArray[np.floating],
    labelled: NDArray[np.bool_],
    budget: int,
    rng: np.random.Generator,
    *,
    teacher: NDArray[np.floating] | None = None,
    wrong: float = 0.1,
) -> NDArray[np.int64]:
    """Choose rows to ask an uncertain teacher for.

    Args:
        X: Vectors (N, D); only their number counts.
        proba: Probabilities (N, K) of the small model; a row's gain is 1 less its margin.
        labelled: Mask (N,) of rows that are never chosen.
        budget: Rows wanted; fewer are returned where there are fewer.
        rng: Draws the rows.
        teacher: The teacher's probabilities (N, K), whose doubt tells how many of its answers are wrong.
        wrong: Without them, the share of its answers that are wrong, 0 to below 1.

    Returns:
        Distinct row numbers; a row's chance is the budget times its robust chance, at most 1.

    Raises:
        InputError: The arrays do not belong together, or the share is out of its range.

    Example:
        >>> import numpy as np
        >>> proba = np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
        >>> robust_query(np.eye(3), proba, np.zeros(3, bool), 1, np.random.default_rng(0), wrong=0.0).tolist()
        [1]
    """
    if not 0 <= wrong < 1:
        raise InputError(f"the share of wrong answers must be at least 0 and below 1, not {wrong}")
    pool = unlabelled(X, proba, labelled, budget)
    if pool.budget == 0:
        return np.empty(0, dtype=np.int64)
    gains = np.maximum(1 - margins(pool.proba[pool.rows]), LEAST)
    errors = min(_errors(pool, teacher, wrong), len(gains) - 1)
    chances, _ = robust_chances(gains, errors, budget=pool.budget)
    return pool.rows[_draw(chances, pool.budget, rng)]


def _errors(pool: Unlabelled, teacher: NDArray[np.floating] | None, wrong: float) -> float:
    if teacher is None:
        return wrong * len(pool.rows)
    answers = check_probabilities(teacher, what="the teacher's probabilities")
    if answers.shape != pool.proba.shape:
        raise InputError(f"the teacher's probabilities have shape {answers.shape}, not {pool.proba.shape}")
    return float((1 - answers[pool.rows].max(axis=1)).sum())


def _draw(chances: NDArray[np.float64], budget: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Systematic sampling: each row is in with `budget` times its chance, capped at 1 and the rest scaled up."""
    share = np.minimum(budget * chances, 1.0)
    while share.sum() < budget - 1e-9 and (open_ := (share > 0) & (share < 1)).any():
        share[open_] = np.minimum(share[open_] * (budget - (share == 1).sum()) / share[open_].sum(), 1.0)
    order = rng.permutation(len(share))
    steps = np.floor(share[order].cumsum() + rng.random() + 1e-9)
    drawn = order[np.diff(steps, prepend=0.0) > 0]
    rest = np.setdiff1d(np.flatnonzero(chances > 0), drawn)
    return np.asarray(np.concatenate([drawn, rest])[:budget])
