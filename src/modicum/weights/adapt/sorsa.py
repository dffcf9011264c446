"""Singular values and orthonormal singular vectors: the principal part trains as a decomposition, and stays one.

The question: can the principal part of a weight train without its vectors losing their meaning? The largest singular
values and their vectors train as three matrices; a penalty keeps the vectors orthonormal, so that scale moves into the
values, and the weight's conditioning is kept. Do not use it where PiSSA's two matrices do as well: the penalty is one
more number to choose.

Paper: "SORSA: Singular Values and Orthonormal Regularized Singular Vectors Adaptation of Large Language Models" (Cao
2024). Changed: the frozen weight stays whole and the starting product is subtracted again; the decomposition is
randomised.
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
    name="SORSA",
    room="weights",
    question="adapt",
    summary="Trained singular values and vectors of the principal part, kept orthonormal by a penalty",
    paper="SORSA: Singular Values and Orthonormal Regularized Singular Vectors Adaptation of Large Language Models",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in), O(r^2 (in + out)) the penalty",
    tags=("low rank", "singular values"),
    ids=("004-002",),
)


@dataclass(frozen=True)
class SORSA(Method):
    """Settings of the adaptation.

    Args:
        rank: Singular values that train, 1 up to the smaller side of the weight.
        gamma: Weight of the penalty, at least 0.

    Example:
        >>> from modicum.weights.adapt import adapt, penalty
        >>> bool(penalty(adapt(nn.Linear(6, 3), SORSA(rank=2))) < 1e-4)
        True
    """

    rank: int = 8
    gamma: float = 4e-4

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The principal part of a weight."""
        weight: Tensor = layer.weight
        if self.gamma < 0:
            raise InputError(f"gamma must be at least 0, not {self.gamma}")
        check_rank(weight, self.rank)
        return Orthonormal(top_spectrum(weight.flatten(1), self.rank), self.gamma)


class Orthonormal(Adapter):
    """The weight W + left diag(values) right - the product they started with."""

    def __init__(self, found: Spectrum, gamma: float) -> None:
        super().__init__()
        self.left = nn.Parameter(found.left.clone())
        self.values = nn.Parameter(found.values.clone())
        self.right = nn.Parameter(found.right.clone())
        self.register_buffer("first_up", found.left * found.values, persistent=False)
        self.register_buffer("first_right", found.right, persistent=False)
        self.gamma = gamma

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        return base + ((self.left * self.values) @ self.right - self.first_up @ self.first_right).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and a thin one of twice the rank."""
        up = torch.cat([self.left * self.values, -self.first_up], dim=1)
        return add_thin(F.linear(x, linear.weight, linear.bias), x, torch.cat([self.right, self.first_right]), up)

    def penalty(self) -> Tensor:
        """Gamma * (||left^T left - I|| + ||right right^T - I||), Frobenius norms."""
        one = torch.eye(len(self.values), dtype=self.values.dtype, device=self.values.device)
        off = (self.left.T @ self.left - one, self.right @ self.right.T - one)
        return self.gamma * sum(((part.square().sum() + 1e-12).sqrt() for part in off), torch.zeros(()))
