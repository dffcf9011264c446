"""Pseudo-labels: what a frozen model thinks of unlabelled rows is learnt first, as a stage before the labels.

The question: what can unlabelled rows teach where a model on frozen vectors is right about many of them? Of each class
it predicts, the rows it is surest of are kept; batches hold their classes evenly, and the encoder learns the model's
probabilities by cross-entropy, through a head that is thrown away. The labels themselves come in the stage after,
with another objective. Do not use it where the model is not much better than chance, or so good that only its errors
are left to learn: on 77 banking intents with 8 labels each such targets brought nothing.

Paper: "Predictions For Pre-training Language Models" (Guo 2020). Changed: the predictions are those of a model on
frozen vectors, not of a tuned one; soft targets, the surest share of each class, and even classes are ours, as is
teaching the predicted classes by another objective instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.head import Head, frozen_vectors
from modicum.weights.objectives.objective import Lesson, Loss, Objective, Tokens, VectorLoss, balanced_rows

CARD = Card(
    name="PseudoLabels",
    room="weights",
    question="objectives",
    summary="The surest predictions of a frozen model on unlabelled rows, learnt before the labels",
    paper="Predictions For Pre-training Language Models",
    year=2020,
    needs=("unlabelled", "probabilities", "texts"),
    cost="O(B K D) a batch of B rows, beside the encoder's two passes; a pass over the rows kept once",
    tags=("self-training", "stage"),
    ids=("000-005",),
)


def surest_rows(proba: NDArray[np.floating], share: float) -> NDArray[np.int64]:
    """Row numbers, ascending, of the share of each predicted class whose prediction is most probable.

    Args:
        proba: Probabilities (N, K).
        share: Above 0, at most 1; of each class at least one row is kept.

    Example:
        >>> surest_rows(np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]]), 0.5).tolist()
        [0, 2, 3]
    """
    codes = proba.argmax(axis=1)
    order = np.lexsort((-proba.max(axis=1), codes))
    counts = np.bincount(codes, minlength=proba.shape[1])
    ranks = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(order[ranks < np.ceil(share * counts)[codes[order]]])


@dataclass(frozen=True)
class PseudoLabels(Objective):
    """Settings of pseudo-labels.

    Args:
        share: Share of the rows predicted as a class that is learnt from, above 0 and at most 1.
        objective: Learns the predicted classes as if they were labels; None: a head learns the probabilities.
        temperature: Of the head's softmax over products with unit vectors, above 0.

    Example:
        >>> PseudoLabels(share=0.3).objective is None
        True
    """

    share: float = 0.5
    objective: Objective | None = None
    temperature: float = 0.1

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with unlabelled rows and probabilities."""
        if not 0 < self.share <= 1:
            raise InputError(f"share must lie above 0 and at most at 1, not {self.share}")
        pool, proba = lesson.unlabelled(), lesson.thought()
        kept = pool[surest_rows(proba[pool], self.share)]
        codes = np.full(len(lesson.codes), -1)
        codes[kept] = proba[kept].argmax(axis=1)
        learnt = replace(lesson, codes=codes)
        if self.objective is not None:
            return self.objective.start(learnt, encoder)
        vectors = frozen_vectors(encoder, [lesson.tokens[row] for row in kept])
        weight = torch.from_numpy(proba[kept]).to(vectors)
        return _Soft(learnt, Head(F.normalize(weight.T @ vectors, dim=1), self.temperature))


class _Soft(VectorLoss):
    def __init__(self, lesson: Lesson, head: Head) -> None:
        super().__init__()
        self.lesson = lesson
        self.head = head

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return balanced_rows(self.lesson.codes, self.lesson.rows, size, rng, per_class=1)

    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        proba = torch.from_numpy(self.lesson.thought()[rows])

        def cost(vectors: Tensor) -> Tensor:
            return F.cross_entropy(self.head(vectors), proba.to(vectors))

        return [self.lesson.tokens[row] for row in rows], cost
