"""What tuning moved, layer by layer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from modicum.weights.states import State, check_alike, check_finite


@dataclass(frozen=True)
class Moved:
    """How far the tensors of one layer went."""

    layer: str
    numbers: int
    """How many there are in it."""
    distance: float
    """Euclidean length of the change."""
    relative: float
    """The same as a share of the length of what was there; infinite where that was 0 and moved."""
    most: str
    """The tensor with the largest distance; empty where none moved."""


def layer_of(name: str) -> str:
    """A tensor's layer: its name up to the first number, or else without its last part.

    Example:
        >>> layer_of("encoder.layer.3.output.dense.weight"), layer_of("embeddings.LayerNorm.bias"), layer_of("w")
        ('encoder.layer.3', 'embeddings.LayerNorm', 'w')
    """
    numbered = re.match(r"(?:.*?\.)?\d+(?=\.|$)", name)
    return numbered[0] if numbered else name.rpartition(".")[0] or name


def what_moved(base: State, tuned: State, layer: Callable[[str], str] = layer_of) -> list[Moved]:
    """How far each layer went, in the order of the state dict.

    Args:
        base: State dict before tuning.
        tuned: State dict after it.
        layer: From a tensor's name to its layer's.

    Returns:
        One record a layer; tensors of whole numbers are left out. Cost: O(P) for P numbers.

    Raises:
        InputError: The models differ in names or shapes, or the tuned one holds NaN.

    Example:
        >>> import torch
        >>> base, tuned = ({"0.w": torch.tensor([3.0, 4.0]), "1.w": torch.tensor([x])} for x in (2.0, 3.0))
        >>> [(found.layer, found.distance, found.relative) for found in what_moved(base, tuned)]
        [('0', 0.0, 0.0), ('1', 1.0, 0.5)]
    """
    check_alike(base, tuned)
    check_finite(tuned)
    layers: dict[str, list[str]] = {}
    for name, tensor in base.items():
        if tensor.is_floating_point():
            layers.setdefault(layer(name), []).append(name)
    return [_moved(key, names, base, tuned) for key, names in layers.items()]


def _moved(layer: str, names: list[str], base: State, tuned: State) -> Moved:
    squares = {name: float((tuned[name].detach().double() - base[name].detach()).square().sum()) for name in names}
    length = sum(float(base[name].detach().double().square().sum()) for name in names) ** 0.5
    distance = sum(squares.values()) ** 0.5
    relative = distance / length if length else float("inf") if distance else 0.0
    most = max(names, key=squares.__getitem__) if distance else ""
    return Moved(layer, sum(base[name].numel() for name in names), distance, relative, most)
