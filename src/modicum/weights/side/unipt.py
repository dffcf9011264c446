"""Parallel tuning: all layers are read side by side, and what each adds is weighed by how sure it is.

The question: what can be learnt from a frozen encoder's layers without a gradient through it? Each layer's states are
brought to a small width. The last one is the anchor; every other one is mixed along what it shares with it, token by
token (interaction), and counts by a gate on the product of the two means, a softmax over layers (confidence). What the
sum says is added to the encoder's last states. Do not use it where LoRA's pass and memory are affordable and rows are
many, nor where the model must run without torch: a side network does not fold into the weights.

Paper: "UniPT: Universal Parallel Tuning for Transfer Learning with Efficient Parameter and Memory" (Diao et al. 2023).
Changed: it is added to the frozen last states and starts at 0, where the paper's replaces them; there is dropout on
what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.side.side import SideMethod, SideNetwork, zero_linear

CARD = Card(
    name="UniPT",
    room="weights",
    question="side",
    summary="A small network reads all layers of a frozen encoder, each weighed by its confidence",
    paper="UniPT: Universal Parallel Tuning for Transfer Learning with Efficient Parameter and Memory",
    year=2023,
    needs=("labels", "texts"),
    cost="O(T w (D + L)) a step and layer for T tokens in texts of L, at width w; none for the encoder",
    tags=("side network", "few parameters"),
    ids=("001-016",),
)


@dataclass(frozen=True)
class UniPT(SideMethod):
    """Settings of parallel tuning.

    Args:
        width: Numbers a token inside the network, at least 1.
        pooled: Whether one pooled vector a layer is read, or all tokens.
        dropout: Share of the numbers read that are dropped while training.

    Example:
        >>> network = UniPT(width=4).build(layers=3, width=16)
        >>> network([torch.ones(1, 5, 16)] * 3, torch.ones(1, 5, dtype=torch.bool)).abs().max().item()
        0.0
    """

    width: int = 48

    def build(self, layers: int, width: int) -> SideNetwork:
        """The network."""
        if self.width < 1:
            raise InputError(f"width must be at least 1, not {self.width}")
        return Parallel(layers, width, self.width)


class Parallel(SideNetwork):
    """Interaction of each layer with the last, and confidence over layers."""

    def __init__(self, layers: int, outer: int, width: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(nn.Sequential(nn.Linear(outer, width), nn.LayerNorm(width)) for _ in range(layers))
        self.project = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
        # A bias would add the same to every layer's gate, and the softmax takes it away again.
        self.gate = nn.Linear(width, 1, bias=False)
        self.up = zero_linear(width, outer)

    def forward(self, states: Sequence[Tensor], mask: Tensor) -> Tensor:
        """What is added to the last states."""
        *lower, anchor = (down(x) for down, x in zip(self.down, states, strict=True))
        mixed = torch.stack([_interaction(anchor, x, mask) for x in lower], dim=1)
        share = self.confidence(lower, anchor, mask)
        merged = (mixed * share[:, :, None, None]).sum(dim=1)
        return self.up(F.relu(anchor + self.project(merged)))

    def confidence(self, lower: Sequence[Tensor], anchor: Tensor, mask: Tensor) -> Tensor:
        """How much each layer below the last counts (n, layers - 1), summing to 1."""
        gates = [self.gate(_mean(anchor, mask) * _mean(x, mask)) for x in lower]
        return torch.cat(gates, dim=1).softmax(dim=1)


def _interaction(anchor: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """The other states, and their mean along positive products with the anchor's tokens."""
    weight = F.relu(anchor @ other.transpose(1, 2)) * mask[:, None, :]
    return other + weight @ other / (weight.sum(dim=2, keepdim=True) + 1e-8)


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    weight = mask[..., None].to(x.dtype)
    return (x * weight).sum(dim=1) / weight.sum(dim=1)
