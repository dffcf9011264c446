"""Uniform soup: the mean of models that were tuned from one start.

The question: what do several runs give together at the price of one? Models tuned from the same weights with other
settings or seeds often lie in one basin of the loss, and the mean of their weights then does about what the mean of
their answers would. Do not use it for models of unlike starts (`matched_soup` aligns them first), or where a run among
them went badly: it counts as much as the rest, and `greedy_soup` would leave it out.

Paper: "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference
time" (Wortsman et al. 2022). Changed: a running mean, so that equal models are given back bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor

from modicum.core.card import Card
from modicum.weights.states import State, mean_state

CARD = Card(
    name="uniform_soup",
    room="weights",
    question="merge",
    summary="The mean of the weights of models tuned from one start",
    paper="Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference"
    " time",
    year=2022,
    needs=("weights",),
    cost="O(M P) for M models of P numbers; three models in memory",
    tags=("training-free", "baseline"),
    ids=("001-169",),
)


def uniform_soup(states: Iterable[State]) -> dict[str, Tensor]:
    """The mean of the weights.

    Args:
        states: State dicts of one architecture, at least one; a generator is read one model at a time.

    Returns:
        A state dict. Tensors of whole numbers are those of the first model. Cost: O(P) a model.

    Raises:
        InputError: There is no model, they differ in names or shapes, or one holds NaN or infinity.

    Example:
        >>> import torch
        >>> uniform_soup([{"w": torch.tensor([1.0])}, {"w": torch.tensor([2.0])}])["w"].item()
        1.5
    """
    return mean_state(states)
