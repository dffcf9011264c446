"""Principal singular values and vectors: a low-rank change that starts along what the weight itself is made of.

The question: is LoRA's random start what holds it back? The largest singular values of the weight and their vectors
are split over two thin matrices, which train, and the rest of the weight stays. It is LoRA with another start, at
which the model is the same, but the first steps move what matters most. Do not use it where what was learnt before
must be kept: the principal directions are what moves.

Paper: "PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models" (Meng et al. 2024).
Changed: the frozen weight stays whole and the starting product is subtracted again, so that turning the adapter off
gives the base bit for bit; the decomposition is randomised.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.weights.adapt.adapter import Adapter, Method, Start
from modicum.weights.adapt.lora import add_thin, check_rank
from modicum.weights.adapt.spectrum import top_spectrum

CARD = Card(
    name="PiSSA",
    room="weights",
    question="adapt",
    summary="Low-rank change that starts from the weight's largest singular values and vectors",
    paper="PiSSA: Principal Singular Values and Singular Vectors Adaptation of Large Language Models",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in); at the start O(out in r)",
    tags=("low rank", "singular values"),
    ids=("004-017",),
)


@dataclass(frozen=True)
class PiSSA(Method):
    """Settings of the adaptation.

    Args:
        rank: Singular values that train, 1 up to the smaller side of the weight.

    Example:
        >>> import torch
        >>> from modicum.weights.adapt import adapt
        >>> layer, x = nn.Linear(6, 3), torch.ones(1, 6)
        >>> bool(torch.allclose(adapt(layer, PiSSA(rank=2))(x), layer(x), atol=1e-6))
        True
    """

    rank: int = 8

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The principal part of a weight, split in two."""
        weight: Tensor = layer.weight
        check_rank(weight, self.rank)
        found = top_spectrum(weight.flatten(1), self.rank)
        root = found.values.sqrt()
        return Principal(root[:, None] * found.right, found.left * root)


class Principal(Adapter):
    """The weight W + up @ down - the product they started with."""

    def __init__(self, down: Tensor, up: Tensor) -> None:
        super().__init__()
        self.down = nn.Parameter(down.clone())
        self.up = nn.Parameter(up.clone())
        self.register_buffer("first_down", down, persistent=False)
        self.register_buffer("first_up", up, persistent=False)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        return base + (self.up @ self.down - self.first_up @ self.first_down).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product, less the thin one that it started with, and the one that trains."""
        rest = add_thin(F.linear(x, linear.weight, linear.bias), x, self.first_down, self.first_up, -1.0)
        return add_thin(rest, x, self.down, self.up)
