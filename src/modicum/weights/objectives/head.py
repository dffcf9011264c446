"""Where classes lie before anything is tuned, and a head that starts there."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import Lesson, Tokens, embed

CHUNK = 64
"""Texts that are embedded together where no gradient is kept."""


def frozen_vectors(encoder: TextEncoder, tokens: Tokens) -> Tensor:
    """Unit vectors (n, D) of texts as the encoder gives them outside training, without a gradient."""
    training = encoder.training
    encoder.eval()
    with torch.no_grad():
        parts = [embed(encoder, tokens[start : start + CHUNK]) for start in range(0, len(tokens), CHUNK)]
    encoder.train(training)
    return torch.cat(parts)


def class_vectors(encoder: TextEncoder, lesson: Lesson) -> Tensor:
    """Mean vector (K, D) of the labelled rows of each class, brought to length 1.

    A class without a label has the vector of its name, and zeros where names say nothing.

    Args:
        encoder: As it starts.
        lesson: With a label at least.

    Returns:
        Vectors without a gradient. Cost: a pass over the labelled rows and the names.
    """
    rows = lesson.labelled()
    vectors = frozen_vectors(encoder, [lesson.tokens[row] for row in rows])
    codes = torch.from_numpy(lesson.codes[rows]).to(vectors.device)
    sums = vectors.new_zeros(lesson.classes, vectors.shape[1]).index_add(0, codes, vectors)
    if lesson.names is not None:
        seen = torch.bincount(codes, minlength=lesson.classes) > 0
        sums = torch.where(seen[:, None], sums, frozen_vectors(encoder, lesson.names))
    return F.normalize(sums, dim=1)


class Head(nn.Module):
    """Scores (n, K) of unit vectors (n, D): products with one trained vector a class, divided by a temperature.

    Args:
        first: Class vectors to start from (K, D).
        temperature: Above 0.
    """

    def __init__(self, first: Tensor, temperature: float) -> None:
        super().__init__()
        self.vectors = nn.Parameter(first.clone())
        self.temperature = temperature

    def forward(self, vectors: Tensor) -> Tensor:
        """Scores (n, K) of vectors (n, d); of d under D, the class vectors are cut, too."""
        return vectors @ self.vectors[:, : vectors.shape[1]].T / self.temperature
