"""Consistency under noise: a prediction stays what it is when word pieces are dropped or change places.

The question: what can unlabelled rows teach beside the labels, without a model that is believed in advance? A head
learns the labels; of an unlabelled row, its prediction is sharpened and taken as the target of the same row with noise,
where it is sure enough. Predictions and encoder move together, so that labels spread along texts that differ by little.
Do not use it where word order or a single word carries the class, nor with labels so few that first predictions are
wrong: what is wrong and sure is confirmed.

Paper: "Unsupervised Data Augmentation for Consistency Training" (Xie et al. 2020; code: google-research/uda). Changed:
the noise is dropped and swapped word pieces, which the paper finds weaker than translation to and fro, as no translator
is at hand; labelled rows are not held back while they are easy; the head is linear on unit vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.checks import check_share
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.head import Head, class_vectors
from modicum.weights.objectives.objective import Lesson, Loss, Objective, balanced_rows, embed

CARD = Card(
    name="Consistency",
    room="weights",
    question="objectives",
    summary="Labels, and predictions on unlabelled rows that noise in the text must not change",
    paper="Unsupervised Data Augmentation for Consistency Training",
    year=2020,
    needs=("labels", "unlabelled", "texts"),
    cost="O(B K D) a batch of B rows, beside the encoder's two passes and one more over unlabelled rows",
    tags=("semi-supervised", "augmentation"),
    ids=("001-174",),
)


def noisy_tokens(tokens: Sequence[int], *, drop: float, swap: float) -> list[int]:
    """Word pieces of a text with some left out and some neighbours exchanged; chance comes from torch's generator.

    The first and the last, which are the tokenizer's own, stay; of the others one is left at least.

    Args:
        tokens: Token ids.
        drop: Probability that a piece is left out, 0 to 1.
        swap: Probability that a piece changes places with the next, 0 to 1.

    Example:
        >>> noisy_tokens([2, 5, 6, 7, 3], drop=0.0, swap=1.0)
        [2, 6, 7, 5, 3]
    """
    inner = np.array(tokens[1:-1], dtype=np.int64)
    if len(inner) == 0:
        return list(tokens)
    drawn = torch.rand(len(inner)).numpy()
    inner = inner[(drawn >= drop) | (drawn == drawn.max())]
    for place in np.flatnonzero(torch.rand(max(0, len(inner) - 1)).numpy() < swap):
        inner[[place, place + 1]] = inner[[place + 1, place]]
    return [tokens[0], *inner.tolist(), tokens[-1]]


def consistency(scores: Tensor, noisy: Tensor, *, sharpening: float = 0.4, confidence: float = 0.8) -> Tensor:
    """Mean over rows of the divergence from sharpened predictions to those under noise, 0 for rows that are unsure.

    Args:
        scores: Scores of the rows as they are (n, K); no gradient goes to them.
        noisy: Scores of the same rows with noise (n, K).
        sharpening: Scores of the target are divided by this, above 0; below 1 the target is surer than the prediction.
        confidence: Largest probability that a prediction must exceed before it is sharpened, 0 to 1.

    Returns:
        Kullback-Leibler divergence in nats, at least 0; rows that are left out count as 0.

    Example:
        >>> sure, unsure = torch.tensor([[9.0, 0.0]]), torch.tensor([[0.1, 0.0]])
        >>> round(consistency(sure, unsure).item(), 3), consistency(unsure, sure).item()
        (0.644, 0.0)
    """
    target = (scores.detach() / sharpening).log_softmax(dim=1)
    apart = F.kl_div(noisy.log_softmax(dim=1), target, reduction="none", log_target=True).sum(dim=1)
    sure = scores.detach().softmax(dim=1).amax(dim=1) > confidence
    return (apart * sure).mean()


@dataclass(frozen=True)
class Consistency(Objective):
    """Settings of consistency training.

    Args:
        weight: Of the unlabelled rows' cost, at least 0.
        ratio: Unlabelled rows in a batch for each labelled one, at least 1.
        drop: Probability that a word piece is left out, 0 to 1.
        swap: Probability that a word piece changes places with the next, 0 to 1.
        sharpening: Scores of the target are divided by this, above 0.
        confidence: Largest probability that a prediction must exceed, 0 to 1.
        temperature: Of the head's softmax over products with unit vectors, above 0.

    Example:
        >>> Consistency(drop=0.2).confidence
        0.8
    """

    weight: float = 1.0
    ratio: int = 1
    drop: float = 0.1
    swap: float = 0.1
    sharpening: float = 0.4
    confidence: float = 0.8
    temperature: float = 0.1

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with a label and unlabelled rows."""
        if self.ratio < 1:
            raise InputError(f"ratio must be at least 1 unlabelled row for each labelled one, not {self.ratio}")
        for name in ("drop", "swap", "confidence"):
            check_share(getattr(self, name), name)
        if not self.sharpening > 0 or self.weight < 0:
            raise InputError(
                f"sharpening must be above 0 and weight at least 0, not {self.sharpening} and {self.weight}"
            )
        lesson.unlabelled()
        return _Consistent(self, lesson, Head(class_vectors(encoder, lesson), self.temperature))


class _Consistent(Loss):
    def __init__(self, settings: Consistency, lesson: Lesson, head: Head) -> None:
        super().__init__()
        self.settings = settings
        self.lesson = lesson
        self.head = head

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        labelled = max(1, size // (1 + self.settings.ratio))
        known = balanced_rows(self.lesson.codes, self.lesson.rows, labelled, rng, per_class=1)
        return np.concatenate([known, rng.choice(self.lesson.pool, max(1, size - labelled))])

    def forward(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Tensor:
        codes = self.lesson.codes[rows]
        known, free = rows[codes >= 0], rows[codes < 0]
        plain = [self.lesson.tokens[row] for row in free]
        noisy = [noisy_tokens(tokens, drop=self.settings.drop, swap=self.settings.swap) for tokens in plain]
        scores = self._scores(encoder, [*(self.lesson.tokens[row] for row in known), *noisy])
        with torch.no_grad():
            target = self._scores(encoder, plain)
        told = torch.from_numpy(codes[codes >= 0]).to(scores.device)
        sharpening, confidence = self.settings.sharpening, self.settings.confidence
        apart = consistency(target, scores[len(known) :], sharpening=sharpening, confidence=confidence)
        return F.cross_entropy(scores[: len(known)], told) + self.settings.weight * apart

    def _scores(self, encoder: TextEncoder, tokens: list[Sequence[int]]) -> Tensor:
        scores: Tensor = self.head(embed(encoder, tokens))
        return scores
