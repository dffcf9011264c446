"""Leave-one-out neighbours: a row's nearest others vote for its class, and a class may have several parts.

The question: must all rows of a class come together? Here a row is only asked to be classed right by its nearest rows
of the batch, itself left out, which vote with the powers of their cosines; the loss is the negative logarithm of the
share its class gets. Far rows of the class are not pulled at, so a class keeps its parts, and what was learnt before
about their difference is not overwritten. Do not use it with one or two labels a class: a row then has no choice of
neighbours, and supervised contrastive learning says the same.

Paper: "Rethinking Supervised Pre-training for Better Downstream Transferring" (Feng et al. 2022). Changed: neighbours
are sought in the batch, not in a queue of vectors of an older encoder; the nearest row of the class votes even where it
is not among the nearest, since a share of nothing has no slope; no projection head. Written after the text, as no code
of the authors was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import ClassLoss, Lesson, Loss, Objective

CARD = Card(
    name="LeaveOneOutNeighbours",
    room="weights",
    question="objectives",
    summary="A row's nearest others vote for its class, so that a class may keep several parts",
    paper="Rethinking Supervised Pre-training for Better Downstream Transferring",
    year=2022,
    needs=("labels", "texts"),
    cost="O(B^2 D) a batch of B rows, beside the encoder's two passes",
    tags=("neighbours", "several parts"),
    ids=("001-140",),
)


def leave_one_out_neighbours(
    vectors: Tensor, codes: Tensor, *, neighbours: int = 5, temperature: float = 0.1
) -> Tensor:
    """Mean over rows of -log of the share that the row's class gets in the vote of its nearest other rows.

    A neighbour votes with exp(cosine / temperature).

    Args:
        vectors: Unit vectors (n, D).
        codes: Their classes (n,).
        neighbours: How many vote, at least 1; all others where there are fewer.
        temperature: Above 0.

    Returns:
        A number of at least 0; rows without another row of their class are left out of the mean.

    Example:
        >>> vectors = torch.tensor([[1.0, 0], [1, 0], [1, 0], [-1, 0], [-1, 0]])
        >>> codes = torch.tensor([0, 0, 1, 0, 0])  # two parts of class 0, and a row of class 1 amid one of them
        >>> loss = leave_one_out_neighbours(vectors, codes, neighbours=2)
        >>> round(loss.item(), 4)  # 0 for the far part, log(2) for each of the two
        0.3466
    """
    own = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    scores = (vectors @ vectors.T / temperature).masked_fill(own, -torch.inf)
    alike = (codes[:, None] == codes[None, :]) & ~own
    judged = alike.any(dim=1)
    nearest = scores.topk(min(neighbours, len(vectors)), dim=1).indices
    voting = torch.zeros_like(own).scatter(1, nearest, True)
    voting = voting.scatter(1, scores.masked_fill(~alike, -torch.inf).argmax(dim=1, keepdim=True), True)
    votes = scores.masked_fill(~voting | own, -torch.inf)[judged]
    share = votes.masked_fill(~alike[judged], -torch.inf).logsumexp(dim=1) - votes.logsumexp(dim=1)
    return -share.sum() / judged.sum().clamp(min=1)


@dataclass(frozen=True)
class LeaveOneOutNeighbours(Objective):
    """Settings of the vote.

    Args:
        neighbours: How many of the other rows vote, at least 1.
        temperature: Of the votes, above 0.
        per_class: Rows of a class that a batch wants, at least 2; more than `neighbours` leave a choice of parts.

    Example:
        >>> LeaveOneOutNeighbours(neighbours=3).per_class
        4
    """

    neighbours: int = 5
    temperature: float = 0.1
    per_class: int = 4

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with two labels at least."""
        if self.neighbours < 1 or self.per_class < 2:
            told = f"{self.neighbours} and {self.per_class}"
            raise InputError(f"neighbours must be at least 1 and per_class 2, not {told}")
        lesson.labelled(2)
        cost = partial(leave_one_out_neighbours, neighbours=self.neighbours, temperature=self.temperature)
        return ClassLoss(lesson, cost, per_class=self.per_class)
