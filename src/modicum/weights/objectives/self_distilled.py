"""Self-distilled further pre-training: unlabelled texts are learnt, without straying from where that leads at first.

The question: how does an encoder learn the language of a table before it learns its classes? A copy is trained for some
steps to tell masked word pieces from their context; it becomes the teacher. The encoder itself, from where it was,
learns the same task while its token vectors are drawn to those of the teacher, which keeps it from overfitting the few
texts. It is a stage before another objective. Do not use it on a few hundred short texts, nor where the encoder knows
the language already: a sentence encoder loses some of its sentence space to word prediction in each step.

Paper: "Self-Distillation for Further Pre-training of Transformers" (Lee et al. 2023; code: seanie12/self-distillation).
Changed: sentence encoders come without their prediction head, so that scores are products with the word embeddings
after one linear map that starts as identity, and the student goes on with the teacher's; all token vectors are
compared, not the first; where the id of the mask is not told, a masked piece is replaced by one drawn from the texts;
a constant learning rate; one round.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.weights.encoder import Batch, TextEncoder
from modicum.weights.objectives.objective import Lesson, Loss, Objective

CARD = Card(
    name="SelfDistilled",
    room="weights",
    question="objectives",
    summary="Masked words of unlabelled texts, held near a teacher that learnt them first",
    paper="Self-Distillation for Further Pre-training of Transformers",
    year=2023,
    needs=("unlabelled", "texts"),
    cost="O(M V D) a batch with M masked tokens and V words, beside three passes; the teacher's steps once",
    tags=("further pre-training", "stage"),
    ids=("001-161",),
)


def masked_places(mask: Tensor, share: float) -> Tensor:
    """Places (n, L) that are masked, about a share of the inner tokens and one of each text at least.

    The first and the last token of a text are the tokenizer's own and stay. Chance comes from torch's generator.

    Args:
        mask: Where tokens are (n, L), from the left without gaps.
        share: Above 0, below 1.

    Example:
        >>> masked_places(torch.tensor([[True, True, True, False]]), 0.01).tolist()
        [[False, True, False, False]]
    """
    inner = mask.clone()
    inner[:, 0] = False
    inner.scatter_(1, mask.sum(dim=1, keepdim=True) - 1, False)
    drawn = torch.rand(mask.shape).to(mask.device).masked_fill(~inner, 2.0)
    return inner & ((drawn < share) | (drawn == drawn.amin(dim=1, keepdim=True)))


def hidden_distance(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean over tokens of the squared Euclidean distance between their vectors.

    Args:
        student: Token vectors (n, L, D).
        teacher: Token vectors (n, L, D); no gradient goes to them.
        mask: Where tokens are (n, L).

    Example:
        >>> hidden_distance(torch.ones(1, 2, 3), torch.zeros(1, 2, 3), torch.tensor([[True, False]])).item()
        3.0
    """
    return (student - teacher.detach()).square().sum(dim=2)[mask].mean()


@dataclass(frozen=True)
class SelfDistilled(Objective):
    """Settings of further pre-training.

    Args:
        steps: Steps in which the teacher is trained, at least 1.
        rate: Learning rate of the teacher, by Adam.
        batch: Texts in a step of the teacher.
        share: Share of the tokens that are masked.
        weight: Weight of the distance from the teacher, at least 0.
        mask_token: Id of the token that stands for a masked one; None: tokens drawn from the texts.

    Example:
        >>> SelfDistilled(steps=200, mask_token=103).share
        0.15
    """

    steps: int = 100
    rate: float = 5e-5
    batch: int = 32
    share: float = 0.15
    weight: float = 1.0
    mask_token: int | None = None

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with unlabelled rows; the teacher is trained here."""
        check_fraction(self.share, "share")
        if self.steps < 1 or self.batch < 1:
            raise InputError(f"steps and batch must be at least 1, not {self.steps} and {self.batch}")
        if not isinstance(encoder, TextEncoder):
            raise InputError("words are told from the tokens of a whole encoder; take another objective beside it")
        lesson.unlabelled()
        teacher = copy.deepcopy(encoder).train()
        words = _Words(self, lesson, encoder)
        moved = [p for p in (*teacher.parameters(), *words.parameters()) if p.requires_grad]
        optimizer = torch.optim.Adam(moved, lr=self.rate)
        for _ in range(self.steps):
            rows = lesson.pool[torch.randint(len(lesson.pool), (self.batch,)).numpy()]
            optimizer.zero_grad()
            words(teacher, words.read(teacher, rows)).backward()
            optimizer.step()
        return _Student(self.weight, words, teacher.eval().requires_grad_(False))


class _Words(nn.Module):
    """The task of telling masked tokens, and what it learns beside the encoder."""

    def __init__(self, settings: SelfDistilled, lesson: Lesson, encoder: TextEncoder) -> None:
        super().__init__()
        self.settings = settings
        self.lesson = lesson
        told = [token for row in lesson.pool for token in lesson.tokens[row][1:-1]]
        self.drawn_from = torch.tensor(told or [encoder.pad])
        count, width = _embeddings(encoder).shape
        self.turn = nn.Parameter(torch.eye(width, device=_embeddings(encoder).device))
        self.bias = nn.Parameter(torch.zeros(count, device=_embeddings(encoder).device))

    def read(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Batch:
        tokens = [self.lesson.tokens[row] for row in rows]
        return Batch.of(tokens, encoder.pad, _embeddings(encoder).device)

    def forward(self, encoder: TextEncoder, batch: Batch) -> Tensor:
        """Mean over masked tokens of -log of the probability of what was there, 0 without any."""
        places = masked_places(batch.mask, self.settings.share)
        if self.settings.mask_token is None:
            put = self.drawn_from[torch.randint(len(self.drawn_from), batch.ids.shape)].to(batch.ids)
        else:
            put = torch.full_like(batch.ids, self.settings.mask_token)
        states = encoder.states(Batch(torch.where(places, put, batch.ids), batch.mask))[-1]
        scores = states[places] @ self.turn @ _embeddings(encoder).T + self.bias
        return F.cross_entropy(scores, batch.ids[places], reduction="sum") / places.sum().clamp(min=1)


class _Student(Loss):
    def __init__(self, weight: float, words: _Words, teacher: TextEncoder) -> None:
        super().__init__()
        self.weight = weight
        self.words = words
        self.teacher = teacher

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        pool = self.words.lesson.pool
        return rng.choice(pool, size, replace=len(pool) < size)

    def forward(self, encoder: TextEncoder, rows: NDArray[np.int64]) -> Tensor:
        batch = self.words.read(encoder, rows)
        with torch.no_grad():
            wanted = self.teacher.eval().states(batch)[-1]
        apart = hidden_distance(encoder.states(batch)[-1], wanted, batch.mask)
        task: Tensor = self.words(encoder, batch)
        return task + self.weight * apart


def _embeddings(encoder: TextEncoder) -> Tensor:
    table: Tensor = encoder.get_submodule(f"{encoder.names.embeddings}word_embeddings").weight
    return table
