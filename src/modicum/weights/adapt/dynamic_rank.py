"""Ranks by relevance: low rank with a gate for each rank, of which those that bring little are closed and leave.

The question: how high a rank does each layer need? Every rank of LoRA's product has a gate, a penalty pulls all gates
towards 0, and a gate that comes within the threshold is closed: its rank adds nothing, and neither ships nor folds.
What is left lies in the layers where the rows ask for it, which also keeps the change, and what it overwrites, small.
Add `penalty(module)` to the loss, without which nothing is pulled. Do not use it where one rank for all layers does:
the penalty's weight is one more number to choose, and depends on the size of the loss.

Paper: "Adaptive Rank, Reduced Forgetting: Knowledge Retention in Continual Learning Vision-Language Models with Dynamic
Rank-Selective LoRA" (Lu et al. 2024; CoDyRA). Changed: the gates are shrunk by the threshold where they are used and
pulled by the gradient of the penalty, in the place of a proximal step after the optimiser's; they start open and alike,
not drawn; for one task, whose change is folded before the next one starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import Adapter, Start, adapters, write
from modicum.weights.adapt.lora import LoRA, add_thin

CARD = Card(
    name="DynamicRank",
    room="weights",
    question="adapt",
    summary="Thin product with a gate for each rank; closed ranks leave",
    paper="Adaptive Rank, Reduced Forgetting: Knowledge Retention in Continual Learning Vision-Language Models with "
    "Dynamic Rank-Selective LoRA",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T r (in + out)) a step for T tokens and a weight (out, in), beside the frozen product",
    tags=("low rank", "sparse"),
    ids=("001-029",),
)


@dataclass(frozen=True)
class DynamicRank(LoRA):
    """Settings of the adaptation.

    Args:
        rank: Rank that each layer starts with.
        alpha: Size of the change.
        stabilised: Whether its scale is alpha / sqrt(rank).
        l1: Weight of the penalty on the gates, at least 0.
        threshold: What gates are shrunk by, at least 0; those within it are closed.

    Example:
        >>> from modicum.weights.adapt import adapt, penalty
        >>> round(penalty(adapt(nn.Linear(6, 4), DynamicRank(rank=3, l1=0.01))).item(), 4)  # three open gates
        0.03
    """

    l1: float = 1e-3
    threshold: float = 0.1

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """The thin matrices of LoRA, with open gates between them."""
        for name in ("l1", "threshold"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be at least 0, not {getattr(self, name)}")
        thin = super().build(layer, start)
        return Gated(thin.down.detach(), thin.up.detach(), self)


class Gated(Adapter):
    """The weight W + scale * up diag(opening) down, where an opening is a gate shrunk by the threshold."""

    def __init__(self, down: Tensor, up: Tensor, settings: DynamicRank) -> None:
        super().__init__()
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(up)
        self.gates = nn.Parameter(torch.full_like(down[:, 0], 1 + settings.threshold))
        self.settings = settings

    @property
    def opening(self) -> Tensor:
        """By how much each rank counts (r,); 0 is closed for good, since no gradient reaches the gate any more."""
        return F.softshrink(self.gates, self.settings.threshold)

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        up = self.up * self.opening
        return torch.addmm(base.flatten(1), up, self.down, alpha=self.settings.scale).view_as(base)

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """The layer's product and the thin one."""
        out = F.linear(x, linear.weight, linear.bias)
        return add_thin(out, x, self.down, self.up * self.opening, self.settings.scale)

    def penalty(self) -> Tensor:
        """L1 norm of the openings, weighted."""
        return self.settings.l1 * self.opening.abs().sum()

    def shipped(self) -> dict[str, Tensor]:
        """Matrices and gates of the open ranks."""
        there = self.opening.detach() != 0
        return {"down": self.down[there], "up": self.up[:, there], "gates": self.gates[there]}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Write back the open ranks, as the first ones; the others are closed.

        Raises:
            InputError: There are more ranks than here, or the shapes are others.
        """
        count = len(state["gates"])
        write({"down": self.down[:count], "up": self.up[:, :count], "gates": self.gates[:count]}, state)
        with torch.no_grad():
            self.gates[count:] = 0


def ranks(module: nn.Module) -> dict[str, int]:
    """How many ranks are open in each adapted layer, by its name.

    Example:
        >>> from modicum.weights.adapt import adapt
        >>> ranks(adapt(nn.Sequential(nn.Linear(6, 4)), DynamicRank(rank=3)))
        {'0': 3}
    """
    gated = {name: layer.adapter for name, layer in adapters(module) if isinstance(layer.adapter, Gated)}
    return {name: int((adapter.opening != 0).sum()) for name, adapter in gated.items()}
