"""Multiple negatives: of two rows of one class, each question finds its answer among those of the whole batch.

The question: how do pairs that belong together teach an encoder, when no pair is said to be apart? The answers of all
other pairs in the batch are taken as wrong ones; the loss is the negative log-probability that a softmax over cosines
gives to the right answer. With classes, two rows of one class are a pair, and answers of the same class are not counted
as wrong. Do not use it with few classes in place of supervised contrastive learning: each row then learns from one
partner, where it could learn from all.

Paper: "Contrastive Learning and Mixture of Experts Enables Precise Vector Embeddings" (Hallee et al. 2024), its loss,
after "Efficient Natural Language Response Suggestion for Smart Reply" (Henderson et al. 2017). Changed: pairs come from
classes instead of co-citations; no experts.
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
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import Lesson, Loss, Objective, Tokens, VectorLoss, balanced_rows

CARD = Card(
    name="MultipleNegatives",
    room="weights",
    question="objectives",
    summary="Of two rows of one class, one finds the other among those of the whole batch",
    paper="Contrastive Learning and Mixture of Experts Enables Precise Vector Embeddings",
    year=2024,
    needs=("labels", "texts"),
    cost="O(B^2 D) a batch of B pairs, beside the encoder's two passes",
    tags=("contrastive", "pairs"),
    ids=("003-061",),
)


def multiple_negatives(
    queries: Tensor, answers: Tensor, codes: Tensor | None = None, *, temperature: float = 0.05
) -> Tensor:
    """Mean over pairs of -log softmax(cosine / temperature) at the query's own answer among all.

    Args:
        queries: Vectors (n, D) of length 1.
        answers: Vectors (n, D) of length 1, in the order of the queries.
        codes: Class of each pair (n,): other answers of the same class are left out. None: every answer counts.
        temperature: Above 0; sentence-transformers calls its inverse `scale`.

    Returns:
        A number of at least 0.

    Example:
        >>> pairs = torch.eye(2)
        >>> round(multiple_negatives(pairs, pairs, temperature=1.0).item(), 4)  # log(1 + 1 / e)
        0.3133
        >>> multiple_negatives(pairs, pairs, torch.tensor([0, 0])).item()
        0.0
    """
    scores = queries @ answers.T / temperature
    places = torch.arange(len(queries), device=queries.device)
    if codes is not None:
        alike = (codes[:, None] == codes[None, :]) & (places[:, None] != places[None, :])
        scores = scores.masked_fill(alike, -torch.inf)
    return F.cross_entropy(scores, places)


@dataclass(frozen=True)
class MultipleNegatives(Objective):
    """Settings of multiple negatives.

    Args:
        temperature: Of the softmax over cosines, above 0.

    Example:
        >>> MultipleNegatives().temperature
        0.05
    """

    temperature: float = 0.05

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with two labels at least."""
        lesson.labelled(2)
        return _Pairs(self, lesson)


class _Pairs(VectorLoss):
    def __init__(self, settings: MultipleNegatives, lesson: Lesson) -> None:
        super().__init__()
        self.settings = settings
        self.lesson = lesson

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        codes, rows = self.lesson.codes, self.lesson.rows
        queries = balanced_rows(codes, rows, max(1, size // 2), rng, per_class=1)
        answers = []
        for query in queries:
            mates = rows[codes[rows] == codes[query]]
            others = mates[mates != query]
            answers.append(rng.choice(others if len(others) else mates))
        return np.concatenate([queries, answers])

    def read(self, rows: NDArray[np.int64]) -> tuple[Tokens, Callable[[Tensor], Tensor]]:
        half = len(rows) // 2
        codes = torch.from_numpy(self.lesson.codes[rows[:half]])

        def cost(vectors: Tensor) -> Tensor:
            here = codes.to(vectors.device)
            pairs = vectors[:half], vectors[half : 2 * half]
            return multiple_negatives(*pairs, here, temperature=self.settings.temperature)

        return [self.lesson.tokens[row] for row in rows[: 2 * half]], cost
