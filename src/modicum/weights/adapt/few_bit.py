"""Adapters of a few bits a number: low rank, and every number one of two, four or sixteen levels.

The question: how small can the file of an adapter be? Adapters end in flat minima, so that rounding hurts little: each
thin matrix of LoRA is brought to mean 0 and deviation 1, every number is rounded to the nearest of 2^bits levels, those
of the smallest mean absolute error on Gaussian numbers, and the gradient passes as if nothing were rounded. What ships
are the codes, packed, with one mean and one deviation a matrix. Do not use it where the size of the file does not
matter: LoRA trains with less noise.

Paper: "Revisiting the Parameter Efficiency of Adapters from the Perspective of Precision Redundancy" (Jie et al. 2023).
Changed: the matrix that starts at zero stays there until it moves, in the place of a small random start; the deviation
is that of the population. What is loaded keeps the mean and deviation that were shipped, and can be trained further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import Adapter, Start, write
from modicum.weights.adapt.lora import LoRA, add_thin

CARD = Card(
    name="FewBit",
    room="weights",
    question="adapt",
    summary="Thin product whose numbers are rounded to a few levels, shipped packed",
    paper="Revisiting the Parameter Efficiency of Adapters from the Perspective of Precision Redundancy",
    year=2023,
    needs=("labels", "texts"),
    cost="O((T + 1) r (in + out)) a step for T tokens and a weight (out, in); b r (in + out) / 8 bytes ship",
    tags=("low rank", "few parameters", "quantised"),
    ids=("001-070",),
)

BITS = (1, 2, 4)
ROUNDS = 500
SMALL = 1e-12


@dataclass(frozen=True)
class FewBit(LoRA):
    """Settings of the adaptation.

    Args:
        rank: Rank of the thin product.
        alpha: Size of the thin product.
        stabilised: Whether its scale is alpha / sqrt(rank).
        bits: Bits a number: 1, 2 or 4.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> shipped = trainable(adapt(nn.Linear(16, 8), FewBit(rank=4)))
        >>> {name: tuple(tensor.shape) for name, tensor in shipped.items() if name.endswith("codes")}
        {'adapter.down.codes': (8,), 'adapter.up.codes': (4,)}
    """

    bits: int = 1

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The thin matrices of LoRA, rounded."""
        levels = gaussian_levels(self.bits)
        thin = super().build(layer, start)
        return Coarse(thin.down.detach(), thin.up.detach(), thin.scale, levels)


class Coarse(Adapter):
    """The weight W + scale * up @ down, both rounded."""

    def __init__(self, down: Tensor, up: Tensor, scale: float, levels: Tensor) -> None:
        super().__init__()
        self.down = Rounded(down, levels)
        self.up = Rounded(up, levels)
        self.scale = scale

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        return torch.addmm(base.flatten(1), self.up(), self.down(), alpha=self.scale).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and the thin one."""
        return add_thin(F.linear(x, linear.weight, linear.bias), x, self.down(), self.up(), self.scale)

    def shipped(self) -> dict[str, Tensor]:
        """Codes and blocks of both matrices."""
        return {f"{name}.{key}": t for name, half in self.named_children() for key, t in half.pack().items()}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Write back codes and blocks."""
        own = self.shipped()
        write(own, state)
        for name, half in self.named_children():
            half.unpack(own[f"{name}.codes"], own[f"{name}.block"])


class Rounded(nn.Module):
    """A matrix that trains, and is rounded where it is used."""

    def __init__(self, start: Tensor, levels: Tensor) -> None:
        super().__init__()
        self.latent = nn.Parameter(start)
        self.register_buffer("levels", levels.to(start), persistent=False)
        self.register_buffer("offset", start.new_zeros(2), persistent=False)

    def forward(self) -> Tensor:
        """The rounded matrix; its gradient is that of the matrix, but for what the deviation adds to the rounding."""
        mean, deviation = self._block()
        z = (self.latent - mean) / deviation.clamp(min=SMALL)
        rounded = self.levels[self._nearest(z)]
        through = self.latent + (rounded - z).detach() * deviation
        return (mean + deviation * rounded).detach() + (through - through.detach())

    def pack(self) -> dict[str, Tensor]:
        """Codes, several a byte, and the block's mean and deviation."""
        mean, deviation = self._block()
        z = (self.latent - mean) / deviation.clamp(min=SMALL)
        return {"codes": pack(self._nearest(z), len(self.levels)), "block": torch.stack([mean, deviation]).detach()}

    def unpack(self, codes: Tensor, block: Tensor) -> None:
        """The rounded matrix as the one that trains, at the mean and deviation that it was rounded with."""
        found = unpack(codes, len(self.levels), self.latent.numel()).view_as(self.latent)
        with torch.no_grad():
            self.latent.copy_(block[0] + block[1] * self.levels[found])
            self.offset.zero_()
            self.offset.copy_(block - torch.stack(self._block()))

    def _block(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation. Rounded numbers vary less than what was rounded: the offsets make up for it."""
        return self.latent.mean() + self.offset[0], self.latent.std(correction=0) + self.offset[1]

    def _nearest(self, z: Tensor) -> Tensor:
        return torch.bucketize(z.detach(), (self.levels[1:] + self.levels[:-1]) / 2)


def gaussian_levels(bits: int) -> Tensor:
    """Levels (2^bits,), ascending, to which numbers of the standard normal distribution are rounded best.

    Each number goes to its nearest level, and each level is the median of what goes to it: the fixed point minimises
    the mean absolute error.

    Raises:
        InputError: There is no such number of bits.

    Example:
        >>> [round(level, 4) for level in gaussian_levels(1).tolist()]
        [-0.6745, 0.6745]
    """
    if bits not in BITS:
        raise InputError(f"bits must be 1, 2 or 4, not {bits}")
    levels = torch.linspace(-1, 1, 2**bits, dtype=torch.float64)
    for _ in range(ROUNDS):
        below = torch.special.ndtr((levels[1:] + levels[:-1]) / 2)
        edges = torch.cat([below.new_zeros(1), below, below.new_ones(1)])
        levels = torch.special.ndtri((edges[1:] + edges[:-1]) / 2)
    return levels.float()


def pack(codes: Tensor, levels: int) -> Tensor:
    """Codes 0..levels-1 as bytes (uint8), the first of each byte in its lowest bits; levels is 2, 4 or 16.

    Example:
        >>> pack(torch.tensor([1, 0, 1]), 2).tolist()
        [5]
    """
    places = _places(levels)
    flat = F.pad(codes.flatten(), (0, -codes.numel() % len(places)))
    return (flat.view(-1, len(places)) * places).sum(dim=1).to(torch.uint8)


def unpack(packed: Tensor, levels: int, count: int) -> Tensor:
    """The first `count` codes that `pack` put into bytes.

    Example:
        >>> unpack(torch.tensor([5], dtype=torch.uint8), 2, 3).tolist()
        [1, 0, 1]
    """
    return (packed[:, None].long() // _places(levels) % levels).flatten()[:count]


def _places(levels: int) -> Tensor:
    """What a code counts at each of its places in a byte."""
    return torch.tensor([levels**i for i in range(8) if levels**i < 256])
