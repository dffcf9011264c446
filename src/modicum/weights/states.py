"""State dicts side by side: whether they belong together, their mean, and the matrices in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError

State = Mapping[str, Tensor]


def check_alike(first: State, other: State) -> None:
    """Let two state dicts of one architecture pass.

    Raises:
        InputError: A name is in one of them only, or a tensor has another shape.
    """
    odd = sorted(first.keys() ^ other.keys())
    if odd:
        raise InputError(
            f"tensor {odd[0]!r} is in one model only ({len(odd)} such names); give models of one architecture"
        )
    for name, tensor in first.items():
        if tensor.shape != other[name].shape:
            shapes = f"{tuple(tensor.shape)} in one model and {tuple(other[name].shape)} in another"
            raise InputError(f"tensor {name!r} has shape {shapes}; give models of one architecture")


def check_finite(state: State) -> None:
    """Let a state dict without NaN and infinity pass.

    Raises:
        InputError: A tensor holds one of them.
    """
    for name, tensor in state.items():
        if not torch.isfinite(tensor).all():
            raise InputError(f"tensor {name!r} of a model holds NaN or infinity; leave out runs that diverged")


def mean_state(states: Iterable[State]) -> dict[str, Tensor]:
    """The mean of models, read one at a time.

    Tensors of whole numbers and of truth values, such as counters, are those of the first model; half precision is
    averaged in single precision. The mean of equal models is that model bit for bit.

    Args:
        states: State dicts of one architecture, at least one.

    Returns:
        Tensors of their own memory. Cost: O(P) a model for P numbers; three models in memory.

    Raises:
        InputError: There is no model, they differ in names or shapes, or one holds NaN or infinity.

    Example:
        >>> mean_state({"w": torch.tensor([value])} for value in (1.0, 2.0, 6.0))["w"].item()
        3.0
    """
    first: State = {}
    mean: dict[str, Tensor] = {}
    number = 0
    for state in states:
        number += 1
        check_finite(state)
        if number == 1:
            first = state
            mean = {name: _wide(t) for name, t in state.items() if t.is_floating_point()}
            continue
        check_alike(first, state)
        for name, tensor in mean.items():
            tensor.lerp_(state[name].detach().to(tensor), 1 / number)
    if not number:
        raise InputError("there is no model to merge; give at least one")
    return {name: mean[name].to(t.dtype) if name in mean else t.detach().clone() for name, t in first.items()}


def _wide(tensor: Tensor) -> Tensor:
    """A copy in which a mean can be kept."""
    return tensor.detach().to(torch.promote_types(tensor.dtype, torch.float32), copy=True)


def matrices(state: State, targets: str | None = None) -> dict[str, Tensor]:
    """Floating-point tensors of two axes or more, as matrices (out, in).

    Args:
        state: State dict.
        targets: A regular expression found in their names; None for all.

    Raises:
        InputError: None is meant.

    Example:
        >>> {name: tuple(t.shape) for name, t in matrices({"a": torch.ones(2, 3, 4), "b": torch.ones(2)}).items()}
        {'a': (2, 12)}
    """
    there = {name: t.detach() for name, t in state.items() if t.ndim > 1 and t.is_floating_point()}
    found = {name: t.flatten(1) for name, t in there.items() if targets is None or re.search(targets, name)}
    if not found:
        near = nearest_name(str(targets), there) if targets and there else ""
        raise InputError(f"targets {targets!r} match no matrix{near}; the model has {len(there)}")
    return found
