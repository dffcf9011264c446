"""Low-rank adaptation: a trainable product of two thin matrices beside a frozen weight.

The question: what does tuning reach when each weight may only move by a matrix of small rank? The weight W
becomes W + s B A with A (r, in) drawn at random and B (out, r) zero, so that training starts at W; the scale s is
alpha / sqrt(r), under which the size of steps does not shrink as the rank grows. It is the baseline of its question:
take it first. Do not use it where tuning all layers is affordable and gains, or at ranks near the width of the weight.

Paper: "LoRA: Low-Rank Adaptation of Large Language Models" (Hu et al. 2021), with the scale of "A Rank Stabilization
Scaling Factor for Fine-Tuning with LoRA" (Kalajdzievski 2023). Changed: the product is one fused
multiply-add; no dropout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import Adapter, Method, Start

CARD = Card(
    name="LoRA",
    room="weights",
    question="adapt",
    summary="Frozen weight plus a trainable product of two thin matrices",
    paper="LoRA: Low-Rank Adaptation of Large Language Models",
    year=2021,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in), beside the frozen product",
    tags=("low rank", "baseline"),
)


@dataclass(frozen=True)
class LoRA(Method):
    """Settings of low-rank adaptation.

    Args:
        rank: Rank r of the change, 1 up to the smaller side of the weight.
        alpha: Size of the change, above 0.
        stabilised: Whether the scale is alpha / sqrt(rank) (rank-stabilised) or the paper's alpha / rank.

    Example:
        >>> from modicum.weights.adapt import adapt, fold
        >>> layer = nn.Linear(6, 3)
        >>> x = torch.ones(1, 6)
        >>> bool(torch.equal(adapt(layer, LoRA(rank=2))(x), layer(x)))
        True
    """

    rank: int = 8
    alpha: float = 8.0
    stabilised: bool = True

    @property
    def scale(self) -> float:
        """Factor of the change."""
        return self.alpha / (math.sqrt(self.rank) if self.stabilised else self.rank)

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """Thin matrices for a weight (out, in), or (out, in, ...) taken as (out, in * ...)."""
        weight: Tensor = layer.weight
        if not self.alpha > 0:
            raise InputError(f"alpha must be above 0, not {self.alpha}")
        out, width = check_rank(weight, self.rank)
        bound = 1 / math.sqrt(width)
        down = torch.empty(self.rank, width, dtype=weight.dtype).uniform_(-bound, bound, generator=start.generator)
        return LowRank(down, torch.zeros(out, self.rank, dtype=weight.dtype), self.scale)


class LowRank(Adapter):
    """The weight W + scale * up @ down."""

    def __init__(self, down: Tensor, up: Tensor, scale: float) -> None:
        super().__init__()
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(up)
        self.scale = scale

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        return torch.addmm(base.flatten(1), self.up, self.down, alpha=self.scale).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and the thin one, added up where the first one stands."""
        return add_thin(F.linear(x, linear.weight, linear.bias), x, self.down, self.up, self.scale)


def add_thin(out: Tensor, x: Tensor, down: Tensor, up: Tensor, scale: float = 1.0) -> Tensor:
    """`out` (..., O) plus scale * x (..., I) down^T up^T, for down (r, I) and up (O, r)."""
    inner = F.linear(x, down).flatten(0, -2)
    return torch.addmm(out.flatten(0, -2), inner, up.t(), alpha=scale).view_as(out)


def check_rank(weight: Tensor, rank: int) -> tuple[int, int]:
    """Rows and columns of a weight seen as a matrix, once a rank fits them.

    Raises:
        InputError: It does not, or the weight is a vector.
    """
    if weight.ndim < 2:
        raise InputError(f"a weight of shape {tuple(weight.shape)} is no matrix; name other targets")
    out, width = weight.flatten(1).shape
    if not 1 <= rank <= min(out, width):
        raise InputError(f"rank {rank} does not fit a weight of {out} x {width}; take 1 to {min(out, width)}")
    return out, width
