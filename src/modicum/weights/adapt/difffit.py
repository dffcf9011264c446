"""Scales and biases: every weight may grow or shrink as a whole, every bias may move, and nothing else.

The question: how far do a thousandth of the parameters go? Each layer's product is multiplied by one learnt factor, or
by one for each output, and the biases of the module train as they are. Do not use it where the task needs features the
encoder does not have: no direction of a weight can change.

Paper: "DiffFit: Unlocking Transferability of Large Diffusion Models via Simple Parameter-Efficient Fine-Tuning" (Xie et
al. 2023). Changed: the factor multiplies the product without the bias, which is shifted by itself; on any layers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.weights.adapt.adapter import Adapter, Method, Start

CARD = Card(
    name="DiffFit",
    room="weights",
    question="adapt",
    summary="A factor for each layer's product, and the biases, train",
    paper="DiffFit: Unlocking Transferability of Large Diffusion Models via Simple Parameter-Efficient Fine-Tuning",
    year=2023,
    needs=("labels", "texts"),
    cost="O(T out) a step for T tokens and a weight (out, in), beside the frozen product",
    tags=("few parameters", "bias"),
    ids=("001-015",),
)


@dataclass(frozen=True)
class DiffFit(Method):
    """Settings of the adaptation.

    Args:
        per_output: Whether each output of a layer has a factor of its own, or the layer one for all.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> sorted(trainable(adapt(nn.Linear(6, 4), DiffFit())))
        ['adapter.factor', 'adapter.shift']
    """

    per_output: bool = False

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """Factors of 1, and a shift of 0 for the bias."""
        weight, bias = layer.weight, getattr(layer, "bias", None)
        factor = torch.ones(len(weight) if self.per_output else 1, dtype=weight.dtype) if weight.ndim > 1 else None
        return Scaled(factor, None if bias is None else torch.zeros_like(bias))

    def meant(self, layer: nn.Module) -> bool:
        """Linear layers, and all that have a bias: norms, too."""
        return isinstance(layer, nn.Linear) or isinstance(getattr(layer, "bias", None), Tensor)


class Scaled(Adapter):
    """The weight W times a factor, or one for each row, and the bias plus a shift."""

    def __init__(self, factor: Tensor | None, shift: Tensor | None) -> None:
        super().__init__()
        self.factor = None if factor is None else nn.Parameter(factor)
        self.shift = None if shift is None else nn.Parameter(shift)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed; that of a norm is left as it is."""
        return base if self.factor is None else base * self.factor.view(-1, *[1] * (base.ndim - 1))

    def bias(self, base: Tensor | None) -> Tensor | None:
        """The bias, shifted."""
        return base if base is None or self.shift is None else base + self.shift

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product, scaled before the bias is added."""
        out = F.linear(x, linear.weight) * self.factor
        bias = self.bias(linear.bias)
        return out if bias is None else out + bias
