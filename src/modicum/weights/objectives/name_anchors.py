"""Name anchors: rows move towards the name of their class, away from the names of all others.

The question: how do names teach an encoder, when labels are few and classes many? Every name is embedded anew in each
step, so that names move with the rows; the loss is the negative log-probability that a softmax over a row's cosines to
the names gives to its own. A batch need not hold several rows of a class, nor two classes. Do not use it with names
that say nothing of their classes, or that share their words.

Paper: the instance-centred loss of "Label Anchored Contrastive Learning for Language Understanding" (Zhang et al.
2022). Changed: the anchors are vectors of names, not learnt ones; with many classes a step sees a sample of the names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import Lesson, Loss, Objective, Tokens, VectorLoss, balanced_rows

CARD = Card(
    name="NameAnchors",
    room="weights",
    question="objectives",
    summary="Rows move towards the name of their class, away from all other names",
    paper="Label Anchored Contrastive Learning for Language Understanding",
    year=2022,
    needs=("labels", "names", "texts"),
    cost="O(B K D) a batch of B rows, beside the encoder's passes over B rows and K names",
    tags=("contrastive", "names"),
)


def name_anchors(vectors: Tensor, anchors: Tensor, codes: Tensor, *, temperature: float = 0.05) -> Tensor:
    """Mean over rows of -log softmax(cosine / temperature) at the row's own anchor.

    Args:
        vectors: Unit vectors (n, D).
        anchors: Unit vectors (K, D) of what rows are compared with.
        codes: Which of the anchors is each row's own (n,).
        temperature: Above 0; lower means that near anchors of other classes count more.

    Returns:
        A number of at least 0.

    Example:
        >>> loss = name_anchors(torch.eye(2), torch.eye(2), torch.tensor([0, 1]), temperature=1.0)
        >>> round(loss.item(), 4)  # log(1 + 1 / e)
        0.3133
    """
    return F.cross_entropy(vectors @ anchors.T / temperature, codes)


@dataclass(frozen=True)
class NameAnchors(Objective):
    """Settings of name anchors.

    Args:
        temperature: Of the softmax over cosines, above 0.
        most: Names that are embedded in a step: those of the batch's classes, and others drawn at random.

    Example:
        >>> NameAnchors(most=32).temperature
        0.05
    """

    temperature: float = 0.05
    most: int = 64

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with a label and names."""
        if self.most < 2:
            raise InputError(f"most must be at least 2 names, not {self.most}")
        lesson.labelled()
        lesson.named()
        return _Anchors(self, lesson)


class _Anchors(VectorLoss):
    def __init__(self, settings: NameAnchors, lesson: Lesson) -> None:
        super().__init__()
        self.settings = settings
        self.lesson = lesson

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return balanced_rows(self.lesson.codes, self.lesson.rows, size, rng, per_class=1)

    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        codes, names = self.lesson.codes[rows], self.lesson.named()
        there = np.unique(codes)
        others = np.setdiff1d(np.arange(len(names)), there)
        drawn = torch.randperm(len(others)).numpy()[: max(0, self.settings.most - len(there))]
        compared = np.sort(np.concatenate([there, others[drawn]]))
        own = torch.from_numpy(np.searchsorted(compared, codes))
        tokens = [*(self.lesson.tokens[row] for row in rows), *(names[code] for code in compared)]

        def cost(vectors: Tensor) -> Tensor:
            here, anchors = vectors[: len(rows)], vectors[len(rows) :]
            return name_anchors(here, anchors, own.to(vectors.device), temperature=self.settings.temperature)

        return tokens, cost
