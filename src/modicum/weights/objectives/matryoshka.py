"""Matryoshka in two dimensions: the first numbers of a vector, and earlier layers, say the same as the whole.

The question: how does one training give encoders and vectors of several sizes? In each step a layer before the last and
a width under the full are drawn; another objective is minimised on the last layer and on that one, at full width and
cut; and the softmax over the drawn layer's numbers is drawn to that of the last. Afterwards vectors can be cut and
layers left out, with the accuracy falling slowly. Do not use it where the full encoder is what will be used: it pays
for the smaller ones with some accuracy.

Paper: "2D Matryoshka Sentence Embeddings" (Li et al. 2024). Changed: any objective on vectors in the place of those of
sentence similarity; the four costs are averaged; the last layer is the teacher alone, without a gradient, as in
sentence-transformers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import Batch, TextEncoder
from modicum.weights.objectives.objective import Lesson, Loss, Objective, VectorLoss
from modicum.weights.objectives.supervised_contrastive import SupervisedContrastive

CARD = Card(
    name="Matryoshka",
    room="weights",
    question="objectives",
    summary="Another objective on drawn layers and widths too, so that smaller encoders come along",
    paper="2D Matryoshka Sentence Embeddings",
    year=2024,
    needs=("labels", "texts"),
    cost="O(4 c) for another objective of cost c on vectors; the encoder's passes are the same",
    tags=("wrapper", "several sizes"),
    ids=("002-081",),
)


def cut(vectors: Tensor, width: int) -> Tensor:
    """The first numbers of vectors (n, D), as vectors (n, width) of length 1."""
    return F.normalize(vectors[:, :width], dim=1)


def alignment(shallow: Tensor, deep: Tensor, *, temperature: float = 0.3) -> Tensor:
    """How far the softmax over the numbers of a vector is from that over the deeper one's, times the temperature.

    Args:
        shallow: Vectors (n, D) of an earlier layer.
        deep: Vectors (n, D) of the last; no gradient goes to them.
        temperature: Above 0.

    Returns:
        Mean over rows of the Kullback-Leibler divergence from deep to shallow, in nats, times the temperature.

    Example:
        >>> alignment(torch.eye(2), torch.eye(2)).item()
        0.0
    """
    target = (deep.detach() / temperature).log_softmax(dim=1)
    found = (shallow / temperature).log_softmax(dim=1)
    return temperature * F.kl_div(found, target, reduction="batchmean", log_target=True)


@dataclass(frozen=True)
class Matryoshka(Objective):
    """Settings of what is drawn.

    Args:
        objective: What is minimised; its loss must be one of vectors.
        shares: Shares of the full width that may be drawn, above 0 and at most 1.
        weight: Weight of the alignment, at least 0.
        temperature: Of the alignment, above 0.

    Example:
        >>> Matryoshka(shares=(0.5,)).objective
        SupervisedContrastive(temperature=0.1, names=False)
    """

    objective: Objective = field(default_factory=SupervisedContrastive)
    shares: tuple[float, ...] = (0.5, 0.25, 0.125)
    weight: float = 1.0
    temperature: float = 0.3

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for what the objective learns from."""
        if not self.shares or not all(0 < share <= 1 for share in self.shares):
            raise InputError(f"shares of the width must lie above 0 and at most at 1, not {self.shares}")
        inner = self.objective.start(lesson, encoder)
        if not isinstance(inner, VectorLoss):
            name = type(self.objective).__name__
            raise InputError(f"{name} needs more than vectors, which cannot be cut; wrap an objective on vectors alone")
        return _Nested(self, inner)


class _Nested(Loss):
    def __init__(self, settings: Matryoshka, inner: VectorLoss) -> None:
        super().__init__()
        self.settings = settings
        self.inner = inner

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return self.inner.draw(size, rng)

    def forward(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Tensor:
        tokens, cost = self.inner.read(rows)
        batch = Batch.of(tokens, encoder.pad, next(encoder.parameters()).device)
        states = encoder.states(batch)
        # Where there is one layer only, it is drawn, and what it costs counts twice.
        layer = 1 + int(torch.randint(max(1, len(states) - 2), ()))
        deep, shallow = (encoder.pool(states[place], batch.mask) for place in (-1, layer))
        share = self.settings.shares[int(torch.randint(len(self.settings.shares), ()))]
        width = max(1, round(share * deep.shape[1]))
        costs = [cost(cut(vectors, size)) for vectors in (deep, shallow) for size in (deep.shape[1], width)]
        apart = alignment(shallow, deep, temperature=self.settings.temperature)
        return torch.stack(costs).mean() + self.settings.weight * apart
