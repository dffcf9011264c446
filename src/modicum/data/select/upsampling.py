"""Upsampling at the end of training: small, precious sources come last, and often.

The question: in which order should rows of unequal worth be shown to a model that is trained in one pass? For most of
the pass, rows are drawn from all sources as they are; in the last 10% to 20% of the steps, the small sources of high
quality make up a stated share. That costs nothing, and leaving one source out of this last phase shows what it is worth
without a run of its own. Do not use it for rules that are solved instead of trained step by step (every head of this
project): they know no order, and weights do the same there.

Paper: "Does your data spark joy? Performance gains from domain upsampling at the end of training" (Blakeney et al.
2024). Changed: rows within a source are drawn in rounds of all of its rows, so that none comes twice before all came
once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError

CARD = Card(
    name="upsample_at_end",
    room="data",
    question="select",
    summary="An order of rows in which precious sources fill a stated share of the last steps",
    paper="Does your data spark joy? Performance gains from domain upsampling at the end of training",
    year=2024,
    needs=("unlabelled",),
    cost="O(steps)",
    tags=("curriculum", "mixture", "training order"),
    ids=("003-047",),
)


def upsample_at_end(
    precious: ArrayLike, steps: int, *, last: float = 0.15, share: float = 0.5, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Row numbers in the order in which they should be trained on.

    Args:
        precious: Mask (N,) of the rows of small sources of high quality.
        steps: Rows to show in all, with repetitions where they are more than there are.
        last: Share of the steps, 0 to 1, that the upsampling takes place in; the authors found 0.1 to 0.2 best.
        share: Share of these that precious rows fill, 0 to 1.
        rng: Draws the rows.

    Returns:
        Row numbers (steps,).

    Raises:
        InputError: No row or every row is precious, a share is not between 0 and 1, or there is no step.

    Example:
        >>> order = upsample_at_end(np.arange(100) < 5, 1000, share=0.8, rng=np.random.default_rng(0))
        >>> int((order[:850] < 5).sum()) < 60, int((order[850:] < 5).sum())
        (True, 120)
    """
    mask = np.asarray(precious, dtype=bool)
    check_fraction(last, "last")
    check_fraction(share, "share")
    if not mask.any() or mask.all():
        raise InputError("some rows must be precious, and some not; with one kind of rows there is nothing to upsample")
    if steps < 1:
        raise InputError(f"at least one step is needed, not {steps}")
    end = round(last * steps)
    often = round(share * end)
    before = _rounds(np.arange(len(mask)), steps - end, rng)
    mixed = [_rounds(np.flatnonzero(mask), often, rng), _rounds(np.flatnonzero(~mask), end - often, rng)]
    return np.concatenate([before, rng.permutation(np.concatenate(mixed))])


def _rounds(rows: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """So many rows, in rounds that each hold all rows in a new order."""
    found = [rng.permutation(rows) for _ in range(-(-count // len(rows)))]
    return np.concatenate([np.empty(0, dtype=np.int64), *found])[:count]
