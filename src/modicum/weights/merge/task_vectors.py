"""Task vectors: what tuning moved, as state dicts that can be scaled and added."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from modicum.core.errors import InputError
from modicum.weights.states import State, check_alike, check_finite

MATRIX = 2


def task_vector(base: State, tuned: State) -> dict[str, Tensor]:
    """What tuning moved: the difference of all floating-point tensors, the blocks of the vector.

    Raises:
        InputError: Names or shapes differ, or the tuned weights hold NaN or infinity.

    Example:
        >>> import torch
        >>> task_vector({"w": torch.tensor([1.0, 2.0])}, {"w": torch.tensor([1.0, 5.0])})["w"].tolist()
        [0.0, 3.0]
    """
    check_alike(base, tuned)
    check_finite(tuned)
    return {name: tuned[name].detach() - t.detach() for name, t in base.items() if t.is_floating_point()}


def compose(base: State, vectors: Sequence[State], coefficients: Tensor) -> dict[str, Tensor]:
    """The base plus task vectors, each times a coefficient, or a coefficient for each of its blocks.

    Args:
        base: State dict that the vectors start from.
        vectors: T task vectors of the same B names, all of them in the base.
        coefficients: One a vector (T,), or one a block (T, B) in the order of the first vector's names.

    Returns:
        A state dict. Cost: O(T P) for P numbers.

    Raises:
        InputError: The vectors do not fit the base or one another, or the coefficients do not fit them.

    Example:
        >>> import torch
        >>> base, vector = {"w": torch.tensor([1.0])}, {"w": torch.tensor([10.0])}
        >>> compose(base, [vector, vector], torch.tensor([0.5, 0.25]))["w"].item()
        8.5
    """
    check_vectors_of(base, vectors)
    blocks = list(vectors[0])
    given = coefficients.detach()
    table = given if given.ndim == MATRIX else given[:, None].expand(-1, len(blocks))
    if table.shape != (len(vectors), len(blocks)):
        raise InputError(
            f"coefficients {tuple(given.shape)} do not fit {len(vectors)} task vectors of {len(blocks)} blocks"
        )
    found = {name: tensor.detach().clone() for name, tensor in base.items()}
    for row, vector in zip(table, vectors, strict=True):
        for factor, name in zip(row, blocks, strict=True):
            found[name] += factor.to(found[name]) * vector[name].detach()
    return found


def check_vectors_of(base: State, vectors: Sequence[State]) -> None:
    """Let task vectors of a base pass.

    Raises:
        InputError: There is none, one differs from the others, or the base lacks a name or has another shape.
    """
    if not vectors:
        raise InputError("there is no task vector to merge; give at least one")
    for vector in vectors[1:]:
        check_alike(vectors[0], vector)
    check_alike(vectors[0], {name: tensor for name, tensor in base.items() if name in vectors[0]})
