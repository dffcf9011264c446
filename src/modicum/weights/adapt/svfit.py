"""Singular values alone: the subspaces of a weight stay, only how much each of them counts is learnt.

The question: how few numbers are enough? Of the weight's decomposition only the largest singular values train, r
numbers a weight; the vectors are derived from the frozen weight again when a file is loaded. Do not use it where the
task needs directions that the encoder does not have, or with ranks so small that little of the weight is reached.

Paper: "SVFit: Parameter-Efficient Fine-Tuning of Large Pre-Trained Models Using Singular Values" (2024). Changed: the
frozen weight stays whole and the change of the values is added, which is the same; the decomposition is randomised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.weights.adapt.adapter import Adapter, Method, Start
from modicum.weights.adapt.lora import add_thin, check_rank
from modicum.weights.adapt.spectrum import Spectrum, top_spectrum

CARD = Card(
    name="SVFit",
    room="weights",
    question="adapt",
    summary="Only the largest singular values of each weight train",
    paper="SVFit: Parameter-Efficient Fine-Tuning of Large Pre-Trained Models Using Singular Values",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in); r numbers train",
    tags=("singular values", "few parameters"),
    ids=("001-170",),
)


@dataclass(frozen=True)
class SVFit(Method):
    """Settings of the adaptation.

    Args:
        rank: Singular values that train, 1 up to the smaller side of the weight.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> {name: tuple(t.shape) for name, t in trainable(adapt(nn.Linear(6, 4), SVFit(rank=3))).items()}
        {'adapter.change': (3,)}
    """

    usual_rate: ClassVar[float] = 0.0125
    """A step moves each number by about the rate, and there are few here: 12.5 times that of LoRA, as in the scripts of
    SVFT (2024), which trains singular values alone, too. On trec it takes 71 % to 87."""

    rank: int = 64

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The vectors of a weight's largest singular values, and no change of them yet."""
        weight: Tensor = layer.weight
        check_rank(weight, self.rank)
        return SingularValues(top_spectrum(weight.flatten(1), self.rank))


class SingularValues(Adapter):
    """The weight W + left diag(change) right."""

    def __init__(self, found: Spectrum) -> None:
        super().__init__()
        self.change = nn.Parameter(torch.zeros_like(found.values))
        self.register_buffer("left", found.left, persistent=False)
        self.register_buffer("right", found.right, persistent=False)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        return base + ((self.left * self.change) @ self.right).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and a thin one."""
        return add_thin(F.linear(x, linear.weight, linear.bias), x, self.right, self.left * self.change)
