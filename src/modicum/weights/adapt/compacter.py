"""Sums of Kronecker products: a few small matrices shared by all layers, and a rank-one part for each.

The question: what can the layers of an encoder share when they are adapted? The change of each weight is a sum of n
Kronecker products of a small matrix (n, n), which is the same for all weights, and a rank-one matrix of the weight's
own: in + out numbers a weight in the place of LoRA's r (in + out). Do not use it on weights whose sides n does
not divide, or where LoRA's size does not matter.

Paper: "Compacter: Efficient Low-Rank Hypercomplex Adapter Layers" (Karimi Mahabadi et al. 2021). Changed: the change of
the weight itself is parametrised in this way, in the place of adapters with a nonlinearity between, so that it folds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import Adapter, Method, Start
from modicum.weights.adapt.lora import check_rank

CARD = Card(
    name="Compacter",
    room="weights",
    question="adapt",
    summary="Changes that are sums of Kronecker products: small shared matrices times rank-one ones",
    paper="Compacter: Efficient Low-Rank Hypercomplex Adapter Layers",
    year=2021,
    needs=("labels", "texts"),
    cost="O(T out in) a step for T tokens and a weight (out, in); in + out numbers train",
    tags=("few parameters", "shared"),
    ids=("001-038",),
)


@dataclass(frozen=True)
class Compacter(Method):
    """Settings of the adaptation.

    Args:
        terms: Kronecker products n in the sum; it must divide both sides of every weight.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> net = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 4))
        >>> sum(t.numel() for t in trainable(adapt(net, Compacter(terms=2))).values())  # 8 shared, 16 and 12 of each
        36
    """

    terms: int = 4

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The weight's own part, and the shared one."""
        weight: Tensor = layer.weight
        n = self.terms
        out, width = check_rank(weight, 1)
        if n < 1 or out % n or width % n:
            raise InputError(f"{n} terms do not divide a weight of {out} x {width}")
        generator = start.generator
        if "shared" not in start.common:
            start.common["shared"] = nn.Parameter(torch.randn(n, n, n, generator=generator) / n)
        right = torch.randn(n, width // n, generator=generator) / math.sqrt(width)
        return Kronecker(start.common["shared"], torch.zeros(n, out // n), right)


class Kronecker(Adapter):
    """The weight W + sum_i kron(shared_i, outer(left_i, right_i))."""

    def __init__(self, shared: nn.Parameter, left: Tensor, right: Tensor) -> None:
        super().__init__()
        self.shared = shared
        self.left = nn.Parameter(left)
        self.right = nn.Parameter(right)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        change = torch.einsum("iab,ic,id->acbd", self.shared, self.left, self.right)
        return base + change.reshape(base.flatten(1).shape).view_as(base)
