"""Greedy soup: the mean of those models that do not lower the score on held-out rows.

The question: which runs belong into the mean? Models are tried from the best to the worst; each one joins if the mean
with it scores at least what the mean without it does. So the soup is never below its best member on the rows that
decided. Do not use it with few held-out rows and many models: it then fits the rows, and its score on them is too good
to be told.

Paper: "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference
time" (Wortsman et al. 2022), recipe 1. Changed: nothing; ties join, as in the paper, though not in
its code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.states import State, check_alike, mean_state

CARD = Card(
    name="greedy_soup",
    room="weights",
    question="merge",
    summary="The mean of those models that do not lower the held-out score",
    paper="Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference"
    " time",
    year=2022,
    needs=("weights", "labels"),
    cost="O(M^2 P) for M models of P numbers, and 2 M - 1 evaluations",
    tags=("held-out rows",),
    ids=("001-169",),
)


@dataclass(frozen=True, eq=False)
class Soup:
    """A mean of chosen models."""

    state: dict[str, Tensor]
    """Its weights."""
    members: tuple[int, ...]
    """Places of the models in it, in the order in which they joined."""
    score: float
    """What it scores."""
    scores: tuple[float, ...]
    """What each model scores by itself."""


def greedy_soup(states: Sequence[State], score: Callable[[State], float]) -> Soup:
    """The mean of the models that join.

    Args:
        states: State dicts of one architecture, at least one.
        score: What a state dict is worth on held-out rows; larger is better, NaN is worst. The same weights must
            always get the same score.

    Returns:
        The soup. Cost: 2 M - 1 evaluations of M models.

    Raises:
        InputError: There is no model, they differ in names or shapes, or one that is tried holds NaN or infinity.

    Example:
        >>> import torch
        >>> models = [{"w": torch.tensor([value])} for value in (0.0, 3.0, 9.0)]
        >>> soup = greedy_soup(models, lambda state: -abs(state["w"].item() - 2))
        >>> soup.members, soup.score, soup.scores
        ((1, 0), -0.5, (-2.0, -1.0, -7.0))
    """
    if not states:
        raise InputError("there is no model to merge; give at least one")
    for state in states[1:]:
        check_alike(states[0], state)
    scores = tuple(_told(score(state)) for state in states)
    best, *rest = sorted(range(len(states)), key=lambda place: -scores[place])
    members: tuple[int, ...] = (best,)
    soup, reached = mean_state([states[best]]), scores[best]
    for place in rest:
        tried = mean_state(states[member] for member in (*members, place))
        found = _told(score(tried))
        if found >= reached:
            members, soup, reached = (*members, place), tried, found
    return Soup(soup, members, reached, scores)


def _told(score: float) -> float:
    return -math.inf if math.isnan(score) else float(score)
