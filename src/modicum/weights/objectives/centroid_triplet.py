"""Centroid triplets: a row is nearer to the mean of its class than to that of any other, by a margin.

The question: how do groups of rows teach an encoder, without one odd row misleading it? A row is compared with the mean
of the other rows of its class in the batch, and with the nearest mean among the other classes; it costs the difference
of the two distances plus a margin, or nothing once that is negative. What is learnt is what a nearest-mean head asks,
for any number of rows a class. Do not use it with one label a class, where a row has no others, nor where classes have
several distinct parts: their mean lies between them.

Paper: "Learning Embeddings with Centroid Triplet Loss for Object Identification in Robotic Grasping" (Gouda et al.
2024), after "On the Unreasonable Effectiveness of Centroids in Image Retrieval" (Wieczorek et al. 2021; code:
mikwieczorek/centroids-reid). Changed: a query is one row, as in the latter; every row of a batch is one; the class
compared with is the nearest, not one at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.objective import ClassLoss, Lesson, Loss, Objective

CARD = Card(
    name="CentroidTriplet",
    room="weights",
    question="objectives",
    summary="Each row nearer to the mean of its class than to any other mean, by a margin",
    paper="Learning Embeddings with Centroid Triplet Loss for Object Identification in Robotic Grasping",
    year=2024,
    needs=("labels", "texts"),
    cost="O(B K D) a batch of B rows of K classes, beside the encoder's two passes",
    tags=("triplet", "class means"),
    ids=("003-001",),
)


def centroid_triplet(vectors: Tensor, codes: Tensor, *, margin: float = 0.3) -> Tensor:
    """Mean over rows of max(0, distance to the own mean - distance to the nearest other mean + margin).

    The own mean is that of the other rows of the class; distances are Euclidean.

    Args:
        vectors: Vectors (n, D).
        codes: Their classes (n,).
        margin: At least 0, in units of distance: unit vectors are 0 to 2 apart.

    Returns:
        A number of at least 0. Rows that have no others of their class, or no other class, are left out of the mean.

    Example:
        >>> vectors = torch.tensor([[0.0], [1.0], [4.0], [5.0]])
        >>> centroid_triplet(vectors, torch.tensor([0, 0, 1, 1]), margin=3.5).item()  # 0, 1, 1 and 0 are missing
        0.5
    """
    own = F.one_hot(codes.unique(return_inverse=True)[1]).to(vectors.dtype)
    sums, counts = own.T @ vectors, own.sum(dim=0)
    mates = own @ counts - 1
    gallery = (own @ sums - vectors) / mates.clamp(min=1)[:, None]
    nearer = torch.linalg.vector_norm(vectors - gallery, dim=1)
    apart = torch.linalg.vector_norm(vectors[:, None] - (sums / counts[:, None])[None], dim=2)
    other = apart.masked_fill(own.bool(), torch.inf).amin(dim=1)
    judged = (mates > 0) & torch.isfinite(other)
    missing = torch.where(judged, (nearer - other + margin).clamp(min=0), 0.0)
    return missing.sum() / judged.sum().clamp(min=1)


@dataclass(frozen=True)
class CentroidTriplet(Objective):
    """Settings of centroid triplets.

    Args:
        margin: By how much the own mean must be nearer, at least 0.
        gallery: Other rows of the class that a mean is of, at least 1, where a batch has room for two such classes.

    Example:
        >>> CentroidTriplet(margin=0.1).gallery
        3
    """

    margin: float = 0.3
    gallery: int = 3

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with two labels at least."""
        if self.margin < 0 or self.gallery < 1:
            raise InputError(f"margin must be at least 0 and gallery 1, not {self.margin} and {self.gallery}")
        lesson.labelled(2)
        return ClassLoss(lesson, partial(centroid_triplet, margin=self.margin), per_class=self.gallery + 1)
