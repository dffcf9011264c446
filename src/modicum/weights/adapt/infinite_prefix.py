"""A prefix without end: what infinitely many learnt tokens would add to attention, in a matrix and a vector a head.

The question: what does a prefix of learnt tokens reach, if its length costs nothing? In each head, attention divides a
sum of values by a sum of weights; a prefix adds to both sums. With a feature map phi of the query, what a prefix of any
length adds is phi(q) Z and phi(q) |k|, with Z (d, d) and k (d,) learnt: d^2 + d numbers, and no longer input. It is no
change of any weight: it cannot be folded, and an encoder that holds it runs in torch alone; `save` ships it. Do not use
it where the encoder must run without torch, or on layers other than `modicum.weights.attention.Attention`.

Paper: "Toward Infinite-Long Prefix in Transformer" (Liang et al. 2024; NTK-Attention), with the authors' code's
phi(q) = elu(q / d^(1/4)) + 1. Changed: where k is 0 the gradient of |k| is taken as 1, without which k never leaves its
start; exponents are taken from the largest score or 0, whichever is more, so that neither sum overflows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import LayerAdapter, Method, Start
from modicum.weights.attention import Attention

CARD = Card(
    name="InfinitePrefix",
    room="weights",
    question="adapt",
    summary="What an endless prefix adds to attention, as a matrix and a vector a head; cannot be folded",
    paper="Toward Infinite-Long Prefix in Transformer",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T D d) a step for T tokens, heads of width d and D in all, beside attention; D (d + 1) numbers train",
    tags=("prefix", "attention", "few parameters"),
    ids=("000-060",),
)


@dataclass(frozen=True)
class InfinitePrefix(Method):
    """Adapts how an encoder attends; there is nothing to set.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> shipped = trainable(adapt(Attention(heads=2, width=3), InfinitePrefix()))
        >>> {name: tuple(tensor.shape) for name, tensor in shipped.items()}
        {'adapter.weights': (2, 3, 1), 'adapter.values': (2, 3, 3)}
    """

    adapts: ClassVar[str] = "layer of attention"
    folds: ClassVar[bool] = False

    def fits(self, layer: nn.Module) -> bool:
        """Attention alone."""
        return isinstance(layer, Attention)

    def meant(self, layer: nn.Module) -> bool:
        """All attention."""
        return self.fits(layer)

    def build(self, layer: nn.Module, start: Start) -> LayerAdapter:
        """A prefix that adds nothing yet."""
        if not isinstance(layer, Attention):
            raise InputError(f"{type(layer).__name__} is no attention")
        return Prefix(layer.heads, layer.width)


class Prefix(LayerAdapter):
    """The sums that a prefix adds, for each head."""

    def __init__(self, heads: int, width: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(heads, width, 1))
        self.values = nn.Parameter(torch.zeros(heads, width, width))

    def answer(self, layer: nn.Module, *inputs: Tensor, **more: Tensor) -> Tensor:
        """Attention with the prefix."""
        return self._attend(*inputs, **more)

    def folded(self, layer: nn.Module) -> nn.Module:
        """There is no such layer.

        Raises:
            InputError: Always.
        """
        raise InputError("a prefix stands in no weight and cannot be folded; ship it with `save`, or turn it off")

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, dropped: float) -> Tensor:
        width = query.shape[-1]
        scores = (query @ key.transpose(-1, -2) / width**0.5).masked_fill(~mask, -torch.inf)
        top = scores.detach().amax(dim=-1, keepdim=True).clamp(min=0)
        own = (scores - top).exp()
        features = (F.elu(query / width**0.25) + 1) * (-top).exp()
        size = torch.where(self.weights < 0, -self.weights, self.weights)
        total = own.sum(dim=-1, keepdim=True) + features @ size
        return (F.dropout(own, dropped) @ value + features @ self.values) / total
