"""Fixed class vectors: every class has its place before training, and rows move there.

The question: must the places of classes be learnt with the rows? Classes are given unit vectors once, alike to one
another in pairs: the corners of a simplex, as far apart as they can be, or nearly orthogonal directions where there are
more classes than dimensions. Rows learn to be nearest to theirs by a softmax over cosines; no class stands out, and
classes without a row keep their place. With `turned=False` the places depend on nothing but the number of classes and
the width, so that vectors of encoders tuned at different times can be compared. Do not use it where a name or a
neighbour of a class should keep its meaning: all classes are made equally unlike.

Papers: "Stationary Representations: Optimally Approximating Compatibility and Implications for Improved Model
Replacements" (Biondi et al. 2024; code: miccunifi/iamcl2r) for the simplex, "Equiangular Basis Vectors" (Shen et al.
2023; code: aassxun/Equiangular-Basis-Vectors) for the rest. Changed: the vectors lie in the encoder's own space, where
the authors add a linear layer before them; by default they are turned as a whole towards where the classes lie at the
start (orthogonal Procrustes), so that little has to move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.checks import check_choice
from modicum.core.equiangular import equiangular_vectors
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder
from modicum.weights.objectives.head import class_vectors
from modicum.weights.objectives.objective import ClassLoss, Lesson, Loss, Objective

CARD = Card(
    name="FixedVectors",
    room="weights",
    question="objectives",
    summary="Rows move to fixed places of their classes: corners of a simplex, or nearly orthogonal directions",
    paper="Stationary Representations: Optimally Approximating Compatibility and Implications for Improved Model "
    "Replacements",
    year=2024,
    needs=("labels", "texts"),
    cost="O(B K D) a batch of B rows, beside the encoder's two passes; O(K D min(K, D)) once",
    tags=("fixed classifier", "compatible encoders"),
    ids=("003-059", "004-007"),
)

KINDS = ("simplex", "equiangular")


def simplex_vectors(classes: int) -> Tensor:
    """Unit vectors (K, K - 1), all pairs of cosine -1 / (K - 1); one class has the vector 1.

    Example:
        >>> corners = simplex_vectors(3)
        >>> (corners @ corners.T).round(decimals=4).tolist()
        [[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    """
    if classes == 1:
        return torch.ones(1, 1)
    width = classes - 1
    last = torch.full((1, width), (1 - math.sqrt(classes)) / width)
    corners = torch.cat([torch.eye(width), last])
    return F.normalize(corners - corners.mean(dim=0), dim=1)


def turn_towards(fixed: Tensor, wanted: Tensor) -> Tensor:
    """The vectors turned as a whole so that the sum of their products with others is as large as it can be.

    Args:
        fixed: Vectors (K, E) with E at most D.
        wanted: Vectors (K, D).

    Returns:
        Vectors (K, D) of the same lengths and cosines as `fixed`.

    Example:
        >>> turned = turn_towards(torch.eye(2), torch.tensor([[0.0, 0.0, 2.0], [0.0, 3.0, 0.0]]))
        >>> turned.abs().round(decimals=4).tolist()
        [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    left, _, right = torch.linalg.svd(fixed.T @ wanted, full_matrices=False)
    return fixed @ left @ right


def fixed_vectors(vectors: Tensor, codes: Tensor, *, places: Tensor, temperature: float = 0.07) -> Tensor:
    """Mean over rows of -log softmax(cosine / temperature) at the place of the row's class.

    Args:
        vectors: Unit vectors (n, d); of d under D, places are cut to their first d numbers.
        codes: Their classes (n,).
        places: Vectors of the classes (K, D).
        temperature: Above 0; 0.07 is that of equiangular basis vectors.

    Returns:
        A number of at least 0.
    """
    here = F.normalize(places[:, : vectors.shape[1]].to(vectors), dim=1)
    return F.cross_entropy(vectors @ here.T / temperature, codes)


@dataclass(frozen=True)
class FixedVectors(Objective):
    """Settings of fixed class vectors.

    Args:
        kind: `simplex` for at most D + 1 classes, or `equiangular` for any number.
        temperature: Of the softmax over cosines, above 0.
        alpha: Largest absolute cosine between two equiangular vectors where there are more classes than dimensions.
        turned: Whether the vectors are turned to where the classes lie at the start. Without it they are the same for
            every encoder of this width.

    Example:
        >>> FixedVectors(kind="equiangular").alpha
        0.2
    """

    kind: str = "simplex"
    temperature: float = 0.07
    alpha: float = 0.2
    turned: bool = True

    def start(self, lesson: Lesson, encoder: TextEncoder) -> Loss:
        """The loss for a lesson with a label."""
        check_choice(self.kind, KINDS, "the kind of fixed vectors")
        means = class_vectors(encoder, lesson)
        classes, width = means.shape
        if self.kind == "simplex":
            if classes > width + 1:
                raise InputError(
                    f"no simplex has {classes} corners in {width} dimensions; choose the kind 'equiangular'"
                )
            frame = simplex_vectors(classes)
        else:
            rng = np.random.default_rng(0)
            drawn = equiangular_vectors(classes, min(classes, width), alpha=self.alpha, rng=rng)
            frame = torch.from_numpy(drawn).float()
        frame = frame.to(means.device)
        places = turn_towards(frame, means) if self.turned else F.pad(frame, (0, width - frame.shape[1]))
        return ClassLoss(lesson, partial(fixed_vectors, places=places, temperature=self.temperature))
