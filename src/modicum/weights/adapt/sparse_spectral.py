"""Sparse spectral training: all singular values in every step, and the vectors of a few that are drawn.

The question: how close to training a whole weight does one come, a few directions at a time? Of the weight's
decomposition all singular values move in every step, and the vectors of some, drawn with chances in proportion to their
values; the gradient of a vector leaves out its singular value, so that directions of small values are not slow, and
vectors keep length 1. Over the steps every direction has its turn, where LoRA's are fixed. Do not use it for small
files, since all vectors ship, nor with momentum where vectors must rest between their turns: they coast on.

Paper: "Sparse Spectral Training and Inference on Euclidean and Hyperbolic Neural Networks" (Zhao et al. 2024). Changed:
for adapting: the values and vectors are the `rank` largest, the rest of the weight stays, and the starting product is
subtracted again; a draw holds for one pass with gradients, not for a number of steps; gradients lose what would change
a vector's length, in the place of a division after the step; where a value has become negative, the gradients of its
vectors change their sign, without which they would lead uphill; the decomposition is not renewed while it trains.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import Adapter, Method, Start
from modicum.weights.adapt.lora import add_thin, check_rank
from modicum.weights.adapt.spectrum import Spectrum, top_spectrum

CARD = Card(
    name="SparseSpectral",
    room="weights",
    question="adapt",
    summary="All singular values train, and in each step the vectors of a few that are drawn",
    paper="Sparse Spectral Training and Inference on Euclidean and Hyperbolic Neural Networks",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in); at the start O(out in r)",
    tags=("singular values", "sampled"),
    ids=("004-033",),
)


@dataclass(frozen=True)
class SparseSpectral(Method):
    """Settings of the adaptation.

    Args:
        rank: Singular values that train, 1 up to the smaller side of the weight.
        drawn: How many of them are drawn in each step, so that their vectors train, too; all where there are fewer.

    Example:
        >>> from modicum.weights.adapt import adapt
        >>> adapted = adapt(nn.Linear(6, 4), SparseSpectral(rank=4, drawn=1))
        >>> adapted(torch.ones(1, 6)).sum().backward()
        >>> int((adapted.adapter.left.grad != 0).any(dim=0).sum()), len(adapted.adapter.values.grad)
        (1, 4)
    """

    rank: int = 64
    drawn: int = 8

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The principal part of a weight, and the seed of its draws."""
        weight: Tensor = layer.weight
        if self.drawn < 1:
            raise InputError(f"drawn must be at least 1, not {self.drawn}")
        check_rank(weight, self.rank)
        seed = int(torch.randint(2**31, (1,), generator=start.generator))
        return Drawn(top_spectrum(weight.flatten(1), self.rank), min(self.drawn, self.rank), seed)


class Drawn(Adapter):
    """The weight W + left diag(values) right - the product they started with, for vectors brought to length 1."""

    def __init__(self, found: Spectrum, drawn: int, seed: int) -> None:
        super().__init__()
        self.left = nn.Parameter(found.left.clone())
        self.values = nn.Parameter(found.values.clone())
        self.right = nn.Parameter(found.right.clone())
        self.register_buffer("first_up", found.left * found.values, persistent=False)
        self.register_buffer("first_right", found.right, persistent=False)
        self.drawn, self.seed, self.draws = drawn, seed, 0

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        down, up = self._thin()
        return base + (up @ down).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and a thin one of three times the rank."""
        return add_thin(F.linear(x, linear.weight, linear.bias), x, *self._thin())

    def _thin(self) -> tuple[Tensor, Tensor]:
        """Matrices whose product is the change.

        What is 0 in it, a vector minus itself, is there for its gradient: that of drawn vectors alone, with the sign of
        their value in the place of the value.
        """
        left, right = F.normalize(self.left, dim=0), F.normalize(self.right, dim=1)
        fixed_left, fixed_right = left.detach(), right.detach()
        chosen = self._chosen().copysign(self.values.detach())
        up = fixed_left * self.values + (left - fixed_left) * chosen
        turned = (right - fixed_right) * chosen[:, None]
        down = torch.cat([fixed_right, turned, self.first_right])
        return down, torch.cat([up, fixed_left, -self.first_up], dim=1)

    def _chosen(self) -> Tensor:
        """1 for the vectors that train in this pass (r,); a new draw for each pass with gradients."""
        chances = self.values.detach().abs().clamp(min=1e-12)
        chosen = torch.zeros_like(chances)
        if torch.is_grad_enabled():
            generator = torch.Generator(chances.device).manual_seed(self.seed + self.draws)
            self.draws += 1
            chosen[torch.multinomial(chances, self.drawn, generator=generator)] = 1
        return chosen
