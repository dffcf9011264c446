"""Sparse plus low rank: a thin product for what all weights share, and single entries for what it cannot reach.

The question: what does a change of low rank leave out? To the thin product of LoRA come single entries of the weight
that train by themselves; where they lie is drawn at random, or is where the frozen weight is largest. Do not use it
where LoRA at the same number of parameters does as well: the weight is formed in every step, which costs as much as
training all of it.

Papers: "SLTrain: a sparse plus low-rank approach for parameter and memory efficient pretraining" (Han et al. 2024), and
"DSEE: Dually Sparsity-embedded Efficient Tuning of Pre-trained Language Models" (Chen et al. 2021). SLTrain's layer is
this one on a weight of zeros, with `stabilised=False`. Changed: for adapting, beside a frozen weight, with entries that
start at 0; DSEE's places come from the largest entries in the place of a decomposition, and what it prunes is left to
pruning.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from modicum.core.card import Card
from modicum.core.checks import check_choice, check_fraction
from modicum.weights.adapt.adapter import Adapter, Start
from modicum.weights.adapt.lora import LoRA

CARD = Card(
    name="SparseLowRank",
    room="weights",
    question="adapt",
    summary="Thin product plus single trained entries at fixed places",
    paper="SLTrain: a sparse plus low-rank approach for parameter and memory efficient pretraining",
    year=2024,
    needs=("labels", "texts"),
    cost="O(T out in) a step for T tokens and a weight (out, in), as for the whole weight",
    tags=("low rank", "sparse"),
    ids=("004-013", "000-076"),
)

PLACES = ("random", "largest")


@dataclass(frozen=True)
class SparseLowRank(LoRA):
    """Settings of the adaptation.

    Args:
        rank: Rank of the thin product.
        alpha: Size of the thin product.
        stabilised: Whether its scale is alpha / sqrt(rank).
        density: Share of the weight's entries that train by themselves, above 0 and under 1.
        places: Where they lie: `random`, or where the frozen weight is `largest`.

    Example:
        >>> from modicum.weights.adapt import adapt, trainable
        >>> adapted = adapt(nn.Linear(10, 10), SparseLowRank(rank=1, density=0.03))
        >>> trainable(adapted)["adapter.entries"].shape
        torch.Size([3])
    """

    density: float = 0.01
    places: str = "random"

    def build(self, layer: nn.Module, start: Start) -> Adapter:
        """Thin matrices and single entries for a weight."""
        weight: Tensor = layer.weight
        check_fraction(self.density, "density")
        check_choice(self.places, PLACES, "places")
        thin = super().build(layer, start)
        count = max(1, round(self.density * weight.numel()))
        if self.places == "random":
            places = torch.randperm(weight.numel(), generator=start.generator)[:count]
        else:
            places = weight.detach().abs().flatten().topk(count).indices
        return _SparseLowRank(thin, places.sort().values)


class _SparseLowRank(Adapter):
    def __init__(self, thin: Adapter, places: Tensor) -> None:
        super().__init__()
        self.thin = thin
        self.entries = nn.Parameter(torch.zeros(len(places)))
        self.register_buffer("places", places.to(torch.int32))

    def weight(self, base: Tensor) -> Tensor:
        """The weight, formed."""
        whole = self.thin.weight(base)
        return whole.flatten().index_add(0, self.places, self.entries.to(whole.dtype)).view_as(base)
