"""Hierarchical side-tuning: a small network climbs along the encoder, each stage wider and over fewer tokens.

The question: what can be learnt from a frozen encoder's layers without a gradient through it? A side stream starts from
the embeddings and passes one small block for each layer of the encoder: it looks at that layer's states (attention),
takes them up, and mixes its numbers. Layers are shared out over stages; from stage to stage neighbouring tokens become
one and the stream grows wider. Its mean is added to the encoder's last states. Do not use it where LoRA's pass and
memory are affordable and rows are many, nor where the model must run without torch.

Paper: "Hierarchical Side-Tuning for Vision Transformers" (Lin et al. 2023). Changed: for texts; the stream starts from
the embeddings, not from pixels; the learnt tokens that the paper puts into the encoder are left out, for a gradient
would pass through it; the stream looks at a layer's tokens in their place, with one head; it starts by adding 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.side.side import SideMethod, SideNetwork, zero_linear

CARD = Card(
    name="HierarchicalSideTuning",
    room="weights",
    question="side",
    summary="A stream beside a frozen encoder, a block a layer, wider and over fewer tokens as it climbs",
    paper="Hierarchical Side-Tuning for Vision Transformers",
    year=2023,
    needs=("labels", "texts"),
    cost="O(T w (D + w + L)) a step and layer for T tokens in texts of L, at width w; none for the encoder",
    tags=("side network", "few parameters"),
    ids=("002-042",),
)


@dataclass(frozen=True)
class HierarchicalSideTuning(SideMethod):
    """Settings of hierarchical side-tuning.

    Args:
        width: Numbers a token in the first stage, at least 1; stage i is i times as wide.
        stages: At least 1, and at most the encoder's layers.
        pooled: Whether one pooled vector a layer is read, or all tokens.
        dropout: Share of the numbers read that are dropped while training.

    Example:
        >>> network = HierarchicalSideTuning(width=4, stages=2).build(layers=3, width=16)
        >>> network([torch.ones(1, 5, 16)] * 3, torch.ones(1, 5, dtype=torch.bool)).abs().max().item()
        0.0
    """

    width: int = 16
    stages: int = 3

    def build(self, layers: int, width: int) -> SideNetwork:
        """The network."""
        if self.width < 1:
            raise InputError(f"width must be at least 1, not {self.width}")
        if not 1 <= self.stages < layers:
            raise InputError(
                f"{self.stages} stages do not fit an encoder of {layers - 1} layers; take 1 to {layers - 1}"
            )
        return Hierarchy(layers - 1, width, [self.width * (i + 1) for i in range(self.stages)])


class Hierarchy(SideNetwork):
    """Stages of blocks; the layers that stage i reads are those of `shares[i]`."""

    def __init__(self, layers: int, outer: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.shares = [part.tolist() for part in torch.arange(1, layers + 1).tensor_split(len(widths))]
        self.start = nn.Linear(outer, widths[0])
        self.grow = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.bridges = nn.ModuleList(nn.Linear(outer, width) for width in widths)
        stages = zip(widths, self.shares, strict=True)
        self.stages = nn.ModuleList(nn.ModuleList(_Block(width) for _ in share) for width, share in stages)
        self.up = zero_linear(widths[-1], outer)

    def forward(self, states: Sequence[Tensor], mask: Tensor) -> Tensor:
        """What is added to the last states: the same for each token of a text."""
        x = self.start(states[0])
        for i, (share, blocks) in enumerate(zip(self.shares, self.stages, strict=True)):
            if i:
                x, _ = coarser(x, mask)
                x = self.grow[i - 1](x)
                states, masks = zip(*(coarser(state, mask) for state in states), strict=True)
                mask = masks[0]
            for layer, block in zip(share, blocks, strict=True):
                x = block(x, self.bridges[i](states[layer]), mask)
        weight = mask[..., None].to(x.dtype)
        return self.up((x * weight).sum(dim=1, keepdim=True) / weight.sum(dim=1, keepdim=True))


class _Block(nn.Module):
    """A look at the layer's states, the states themselves, and a small perceptron, one after the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.norm_read, self.norm_mixed = (nn.LayerNorm(width) for _ in range(3))
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.mix = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor, read: Tensor, mask: Tensor) -> Tensor:
        looked = self.norm_read(read)
        found = F.scaled_dot_product_attention(
            self.query(self.norm(x)), self.key(looked), self.value(looked), attn_mask=mask[:, None, :]
        )
        x = x + self.out(found) + read
        return x + self.mix(self.norm_mixed(x))


def coarser(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Means of two neighbouring tokens each, over those that are no padding: (n, (L + 1) // 2, D), and where they are.

    Example:
        >>> x, mask = torch.tensor([[[1.0], [3.0], [5.0]]]), torch.tensor([[True, True, True]])
        >>> coarser(x, mask)[0].flatten().tolist()
        [2.0, 5.0]
    """
    odd = x.shape[1] % 2
    pairs = F.pad(x, (0, 0, 0, odd)).unflatten(1, (-1, 2))
    real = F.pad(mask, (0, odd)).unflatten(1, (-1, 2))
    weight = real[..., None].to(x.dtype)
    return (pairs * weight).sum(dim=2) / weight.sum(dim=2).clamp(min=1), real.any(dim=2)
