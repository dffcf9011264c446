"""Intruder dimensions: leading directions of tuned weights that the base does not have.

The question: did tuning bend the model or graft something on it? The singular vectors of the tuned weight with the
largest values are compared with all those of the base; one that resembles none is an intruder. Low-rank adapters at
high rates bring them, tuning all layers hardly does, and models with many of them forget more of what they could
(`relate_forgetting` measures that); shrinking them gives some of it back (`scale_intruders`). Do not use it between
models of unlike starts, whose directions are all unlike, or on matrices with few rows.

Paper: "LoRA vs Full Fine-tuning: An Illusion of Equivalence" (Shuttleworth et al. 2024). Changed: nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.states import State, check_alike, check_finite, matrices

CARD = Card(
    name="intruder_dimensions",
    room="weights",
    question="diagnose",
    summary="Leading singular vectors of tuned weights that resemble none of the base's",
    paper="LoRA vs Full Fine-tuning: An Illusion of Equivalence",
    year=2024,
    needs=("weights",),
    cost="O(out * in * min(out, in)) a matrix",
    tags=("singular values", "forgetting"),
    ids=("004-003",),
)


@dataclass(frozen=True, eq=False)
class Intruders:
    """What was found in one matrix."""

    similarity: Tensor
    """Largest absolute cosine of each leading left singular vector with those of the base, 0 to 1, by falling value."""
    places: tuple[int, ...]
    """Which of them are intruders."""


def intruder_dimensions(
    base: State, tuned: State, *, targets: str | None = None, top: int = 10, threshold: float = 0.5
) -> dict[str, Intruders]:
    """The intruders in each matrix.

    Args:
        base: State dict before tuning.
        tuned: State dict after it, adapters folded in.
        targets: Which tensors of two axes or more, by a regular expression found in their names; None for all.
        top: How many leading singular vectors are looked at, at least 1.
        threshold: Under which similarity one is an intruder, 0 to 1.

    Returns:
        By name. Cost: two decompositions a matrix.

    Raises:
        InputError: The models differ in names or shapes, hold NaN, no tensor is meant, or `top` is under 1.

    Example:
        >>> base = torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5]))[:, :2]
        >>> grafted = base + 9 * torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
        >>> found = intruder_dimensions({"w": base}, {"w": grafted}, top=2)["w"]
        >>> found.places, [round(value, 2) for value in found.similarity.tolist()]
        ((0,), [0.32, 1.0])
    """
    return {
        name: _compared(before, after, top, threshold)[0]
        for name, (before, after) in _pairs(base, tuned, targets, top).items()
    }


def scale_intruders(
    base: State, tuned: State, factor: float, *, targets: str | None = None, top: int = 10, threshold: float = 0.5
) -> dict[str, Tensor]:
    """The tuned model with the singular values of its intruders times a factor; 0 takes them out, 1 changes nothing.

    Other arguments and errors are those of `intruder_dimensions`.

    Example:
        >>> base = torch.diag(torch.tensor([3.0, 2.0, 1.0, 0.5]))[:, :2]
        >>> grafted = base + 9 * torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
        >>> scale_intruders({"w": base}, {"w": grafted}, 0.0, top=2)["w"].abs().sum(dim=1).round(decimals=4).tolist()
        [0.0, 2.0, 0.0, 0.0]
    """
    scaled = {name: tensor.detach().clone() for name, tensor in tuned.items()}
    for name, (before, after) in _pairs(base, tuned, targets, top).items():
        found, (U, s, V) = _compared(before, after, top, threshold)
        at = list(found.places)
        change = (factor - 1) * (U[:, at] * s[at]) @ V[at]
        scaled[name] += change.to(scaled[name]).view_as(scaled[name])
    return scaled


def _pairs(base: State, tuned: State, targets: str | None, top: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Matrices before and after, by name."""
    if top < 1:
        raise InputError(f"top must be at least 1, not {top}")
    check_alike(base, tuned)
    check_finite(tuned)
    after = matrices(tuned, targets)
    return {name: (base[name].detach().flatten(1), matrix) for name, matrix in after.items()}


def _compared(
    base: Tensor, tuned: Tensor, top: int, threshold: float
) -> tuple[Intruders, tuple[Tensor, Tensor, Tensor]]:
    """The intruders, and the decomposition of the tuned matrix."""
    known, _, _ = torch.linalg.svd(base.float(), full_matrices=False)
    U, s, V = torch.linalg.svd(tuned.float(), full_matrices=False)
    similarity = (U[:, :top].T @ known).abs().amax(dim=1)
    places = (similarity < threshold).nonzero().flatten().tolist()
    return Intruders(similarity, tuple(places)), (U, s, V)
