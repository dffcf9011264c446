"""Which axes of a model's tensors count the same hidden units, for weight matching."""

from __future__ import annotations

from torch import nn

from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder

NORMS = (nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d)


def chain_axes(chain: nn.Sequential) -> dict[str, tuple[str | None, ...]]:
    """Axes of a chain of linear or convolutional layers, with norms over units and activations between them.

    Raises:
        InputError: A layer holds tensors of another kind, or takes other inputs than the units before it, as a linear
            layer after a flattened convolution does.

    Example:
        >>> chain_axes(nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 3)))
        {'0.weight': ('units 0', None), '0.bias': ('units 0',), '2.weight': (None, 'units 0'), '2.bias': (None,)}
    """
    last = [name for name, layer in chain.named_children() if isinstance(layer, LAYERS)][-1:]
    before: str | None = None
    width = 0
    axes: dict[str, tuple[str | None, ...]] = {}
    for name, layer in chain.named_children():
        tensors = layer.state_dict()
        if isinstance(layer, LAYERS):
            weight = tensors["weight"]
            if before and weight.shape[1] != width:
                raise InputError(f"layer {name!r} takes {weight.shape[1]} inputs from {width} units; give axes by hand")
            after = None if [name] == last else f"units {name}"
            axes[f"{name}.weight"] = (after, before, *[None] * (weight.ndim - 2))
            before, width = after, len(weight)
        elif tensors and not (isinstance(layer, NORMS) and layer.weight.ndim == 1):
            raise InputError(f"the units of layer {name!r}, {type(layer).__name__}, are not known; give axes by hand")
        axes |= {f"{name}.{key}": (before,) for key, tensor in tensors.items() if tensor.ndim == 1}
    return axes


def encoder_axes(encoder: TextEncoder) -> dict[str, tuple[str | None, ...]]:
    """Axes of a text encoder: the width of its vectors, and the inner units of each layer.

    Heads, and the units in them, keep their order. The encoder's outputs are reordered with its width.
    """
    n = encoder.names
    wide = "width"
    axes: dict[str, tuple[str | None, ...]] = {}
    for name, tensor in encoder.state_dict().items():
        if name.startswith(n.embeddings):
            axes[name] = (None, wide) if tensor.ndim > 1 else (wide,)
    for i in range(encoder.depth):
        prefix, inner = n.layer.format(i=i), f"inner {i}"
        linear = [(name, None, wide) for name in (n.query, n.key, n.value)]
        for name, out, into in (*linear, (n.attention_out, wide, None), (n.up, inner, wide), (n.down, wide, inner)):
            axes |= {f"{prefix}{name}.weight": (out, into), f"{prefix}{name}.bias": (out,)}
        for name in (n.attention_norm, n.out_norm):
            axes |= {f"{prefix}{name}.{kind}": (wide,) for kind in ("weight", "bias")}
    return axes
