"""Linear adapters: a thin residual map behind each layer, which folds into the layer at no cost.

The question: can an adapter behind a layer be had for nothing when it answers? Without a nonlinearity the adapter
I + B A multiplies the layer's weight from the left, (I + B A) W, and is gone once folded; it mixes the layer's outputs,
where LoRA adds new functions of its inputs. Do not use it behind layers with few outputs, which leave little to mix.

Paper: "ZeroI2V: Zero-Cost Adaptation of Pre-trained Transformers from Image to Video" (Li et al. 2023). Changed: its
linear adapters alone; the bias of the layer is not mixed, and how heads look at other frames is left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.weights.adapt.adapter import Adapter, Method, Start
from modicum.weights.adapt.lora import add_thin, check_rank

CARD = Card(
    name="LinearAdapter",
    room="weights",
    question="adapt",
    summary="Thin residual map of a layer's outputs, folded into its weight",
    paper="ZeroI2V: Zero-Cost Adaptation of Pre-trained Transformers from Image to Video",
    year=2023,
    needs=("labels", "texts"),
    cost="O(T r out) a step for T tokens and a weight (out, in), beside the frozen product",
    tags=("low rank", "adapter"),
    ids=("001-004",),
)


@dataclass(frozen=True)
class LinearAdapter(Method):
    """Settings of the adaptation.

    Args:
        rank: Width of the adapter, 1 up to the smaller side of the weight.

    Example:
        >>> from modicum.weights.adapt import adapt
        >>> layer, x = nn.Linear(6, 3), torch.ones(1, 6)
        >>> bool(torch.equal(adapt(layer, LinearAdapter(rank=2))(x), layer(x)))
        True
    """

    rank: int = 8

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """A map that starts as the identity."""
        weight: Tensor = layer.weight
        out, _ = check_rank(weight, self.rank)
        bound = 1 / math.sqrt(out)
        down = torch.empty(self.rank, out, dtype=weight.dtype).uniform_(-bound, bound, generator=start.generator)
        return Mixed(down, torch.zeros(out, self.rank, dtype=weight.dtype))


class Mixed(Adapter):
    """The weight (I + up @ down) W."""

    def __init__(self, down: Tensor, up: Tensor) -> None:
        super().__init__()
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(up)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        matrix = base.flatten(1)
        return torch.addmm(matrix, self.up, self.down @ matrix).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product, mixed by the thin map, before the bias is added."""
        plain = F.linear(x, linear.weight)
        out = plain if linear.bias is None else plain + linear.bias
        return add_thin(out, plain, self.down, self.up)
