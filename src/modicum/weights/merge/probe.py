"""What tells a search for coefficients how good a merged encoder is: classes told apart in batches of labelled rows.

The loss asks for no head, and for several tasks it is the sum of theirs, so that it serves `atlas` and
`self_positioning` for any encoders that were tuned from one start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from modicum.core.errors import InputError
from modicum.weights.encoder import Batch
from modicum.weights.merge.descent import Forward, Loss
from modicum.weights.objectives import Lesson, balanced_rows, supervised_contrastive


def contrast_loss(
    lessons: Sequence[Lesson],
    pad: int,
    *,
    size: int = 32,
    temperature: float = 0.1,
    rng: np.random.Generator,
) -> Loss:
    """A loss for `atlas` and `self_positioning`: supervised contrast in a fresh batch of each task's labelled rows.

    Args:
        lessons: One a task, at least one; each with two labelled rows or more.
        pad: The encoder's token id of padding.
        size: Rows of a batch, about.
        temperature: Of the softmax over cosines, above 0.
        rng: Draws the rows.

    Returns:
        From what answers as the merged encoder would and the number of the step to a number, lower is better.

    Raises:
        InputError: There is no task, or one has fewer than two labelled rows.
    """
    if not lessons:
        raise InputError("there is no task to learn coefficients from; give at least one")
    rows = [lesson.labelled(2) for lesson in lessons]

    def of(lesson: Lesson, own: np.ndarray, forward: Forward) -> Tensor:
        drawn = balanced_rows(lesson.codes, own, size, rng)
        vectors = F.normalize(forward(Batch.of([lesson.tokens[row] for row in drawn], pad)), dim=-1)
        return supervised_contrastive(vectors, torch.from_numpy(lesson.codes[drawn]), temperature=temperature)

    def loss(forward: Forward, step: int) -> Tensor:
        return torch.stack([of(lesson, own, forward) for lesson, own in zip(lessons, rows, strict=True)]).sum()

    return loss
