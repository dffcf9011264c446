"""Supervised contrastive learning: rows of one class move together, away from the rest of the batch.

The question: how does a batch of labelled rows teach an encoder, when few labels are there? Every row is compared with
all others of its batch; the loss is the mean negative log-probability that a softmax over cosines gives to those of
its class. A row drawn twice differs by dropout and is its own positive, so one label a class is enough to begin. Class
names can stand among the compared as further members of their classes. Do not use it without dropout where classes
have one row, nor with more classes than a batch holds twice.

Paper: "Supervised Contrastive Learning" (Khosla et al. 2020), its loss L_out. Changed: no projection head; classes in
a batch are even; names as anchors are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modicum.core.card import Card
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import Lesson, Loss, Objective, Tokens, VectorLoss, balanced_rows

CARD = Card(
    name="SupervisedContrastive",
    room="weights",
    question="objectives",
    summary="Rows of one class move together, away from the rest of the batch",
    paper="Supervised Contrastive Learning",
    year=2020,
    needs=("labels", "texts"),
    cost="O(B^2 D) a batch of B rows, beside the encoder's two passes",
    tags=("contrastive", "baseline"),
)


def supervised_contrastive(vectors: Tensor, codes: Tensor, *, temperature: float = 0.1, anchors: int = 0) -> Tensor:
    """Mean over rows of -log softmax(cosine / temperature) at the other rows of the same class.

    Args:
        vectors: Unit vectors (n, D).
        codes: Their classes (n,).
        temperature: Above 0; lower means that near rows of other classes count more.
        anchors: So many of the last rows are compared with, but not judged themselves.

    Returns:
        A number of at least 0; rows without another row of their class cost nothing.

    Example:
        >>> vectors = torch.eye(2).repeat_interleave(2, dim=0)
        >>> loss = supervised_contrastive(vectors, torch.tensor([0, 0, 1, 1]), temperature=1.0)
        >>> round(loss.item(), 4)  # log(1 + 2 / e)
        0.5514
    """
    judged = len(vectors) - anchors
    own = torch.eye(judged, len(vectors), dtype=torch.bool, device=vectors.device)
    scores = (vectors[:judged] @ vectors.T / temperature).masked_fill(own, -torch.inf)
    alike = (codes[:judged, None] == codes[None, :]) & ~own
    told = torch.where(alike, scores.log_softmax(dim=1), 0.0).sum(dim=1)
    return -(told / alike.sum(dim=1).clamp(min=1)).mean()


@dataclass(frozen=True)
class SupervisedContrastive(Objective):
    """Settings of supervised contrastive learning.

    Args:
        temperature: Of the softmax over cosines, above 0.
        names: Whether the names of the batch's classes stand among the compared.

    Example:
        >>> SupervisedContrastive(temperature=0.05).names
        False
    """

    temperature: float = 0.1
    names: bool = False

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with two labels at least, and names where they are wanted."""
        lesson.labelled(2)
        if self.names:
            lesson.named()
        return _Contrast(self, lesson)


class _Contrast(VectorLoss):
    def __init__(self, settings: SupervisedContrastive, lesson: Lesson) -> None:
        super().__init__()
        self.settings = settings
        self.lesson = lesson

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return balanced_rows(self.lesson.codes, self.lesson.rows, size, rng)

    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        codes = self.lesson.codes[rows]
        tokens = [self.lesson.tokens[row] for row in rows]
        there = np.unique(codes) if self.settings.names else codes[:0]
        tokens += [self.lesson.named()[code] for code in there]
        told = torch.from_numpy(np.concatenate([codes, there]))

        def cost(vectors: Tensor) -> Tensor:
            here = told.to(vectors.device)
            return supervised_contrastive(vectors, here, temperature=self.settings.temperature, anchors=len(there))

        return tokens, cost
