"""The one mechanism of all adapters: weights of any module are swapped for a parametrisation, and folded back.

A method is one file: a frozen dataclass of its settings, whose `build` makes an `Adapter` for one weight. The adapter
says what trains and which weight that stands for; where the product with the weight can be had without forming it, it
says that, too. What stands for a layer without a weight is a `LayerAdapter`, which may be impossible to fold. Frozen
tensors are shared with the module that was given, which is never changed itself.
"""

from __future__ import annotations

import copy
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from modicum.core.checks import nearest_name
from modicum.core.errors import InputError

Targets = str | Callable[[str, nn.Module], bool] | None


class LayerAdapter(nn.Module, ABC):
    """What a layer becomes. Subclasses register parameters, all of which train."""

    @abstractmethod
    def answer(self, layer: nn.Module, *inputs: Any, **more: Any) -> Tensor:
        """What is given in the place of the frozen layer's `layer(*inputs, **more)`."""

    @abstractmethod
    def folded(self, layer: nn.Module) -> nn.Module:
        """A plain layer that answers alike, made of a copy of the frozen one that may be changed.

        Raises:
            InputError: There is none.
        """

    def penalty(self) -> Tensor | float:
        """What is added to the loss, at least 0."""
        return 0.0

    def shipped(self) -> dict[str, Tensor]:
        """What a file holds of it: parameters, and tensors that cannot be derived from the base, or a shorter form."""
        state: dict[str, Tensor] = self.state_dict(keep_vars=True)
        return state

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Write back what `shipped` gave.

        Raises:
            InputError: Its shapes are others.
        """
        write(self.shipped(), state)


class Adapter(LayerAdapter):
    """What a layer's weight, and perhaps its bias, becomes."""

    @abstractmethod
    def weight(self, base: Tensor) -> Tensor:
        """The weight that stands in the place of the frozen `base`, of the same shape and type."""

    def bias(self, base: Tensor | None) -> Tensor | None:
        """The bias in the place of the frozen one."""
        return base

    def product(self, x: Tensor, linear: nn.Linear) -> Tensor:
        """What the layer gives for x (..., in); overridden where that is cheaper without forming the weight."""
        return F.linear(x, self.weight(linear.weight), self.bias(linear.bias))

    def answer(self, layer: nn.Module, *inputs: Any, **more: Any) -> Tensor:
        """What the layer gives with the weight and the bias."""
        if isinstance(layer, nn.Linear):
            return self.product(inputs[0], layer)
        own = {"weight": self.weight(layer.weight), "bias": self.bias(getattr(layer, "bias", None))}
        return functional_call(layer, {name: t for name, t in own.items() if t is not None}, inputs, more)

    def folded(self, layer: nn.Module) -> nn.Module:
        """The layer with the weight and the bias written out."""
        with torch.no_grad():
            weight, bias = self.weight(layer.weight), self.bias(getattr(layer, "bias", None))
        layer.weight = nn.Parameter(weight.clone())
        if bias is not None:
            layer.bias = nn.Parameter(bias.clone())
        return layer


@dataclass(frozen=True, eq=False)
class Start:
    """What the adapters of one module share while they are built."""

    generator: torch.Generator
    """Of random starting values; the parametrisation itself never depends on it."""
    common: dict[str, nn.Parameter] = field(default_factory=dict)
    """Parameters that several adapters hold together, by a name of the method's choice."""


@dataclass(frozen=True)
class Method(ABC):
    """Settings of one way to adapt weights; every file has one."""

    adapts: ClassVar[str] = "layer with a weight"
    """What it adapts, in messages."""
    folds: ClassVar[bool] = True
    """Whether `fold` can write its adapters into plain layers."""
    usual_rate: ClassVar[float] = 1e-3
    """Largest learning rate where nobody names another."""

    @abstractmethod
    def build(self, layer: nn.Module, start: Start) -> LayerAdapter:
        """An adapter for a layer, whose weight (out, in, ...) it starts as.

        Raises:
            InputError: The settings do not fit the weight.
        """

    def fits(self, layer: nn.Module) -> bool:
        """Whether a layer can be adapted at all."""
        return isinstance(getattr(layer, "weight", None), Tensor)

    def meant(self, layer: nn.Module) -> bool:
        """Whether a layer is adapted where no targets are named."""
        return isinstance(layer, nn.Linear)


class Adapted(nn.Module):
    """A layer with an adapter. `on` is False while the adapter is turned off."""

    def __init__(self, base: nn.Module, adapter: LayerAdapter) -> None:
        super().__init__()
        self.base = base
        self.adapter = adapter
        self.on = True

    def forward(self, *inputs: Any, **more: Any) -> Tensor:
        """What the layer gives."""
        return self.adapter.answer(self.base, *inputs, **more) if self.on else self.base(*inputs, **more)


class AdaptedWeight(Adapted):
    """A layer whose weight is parametrised."""

    adapter: Adapter

    @property
    def weight(self) -> Tensor:
        """The weight that the layer stands for now."""
        return self.adapter.weight(self.base.weight) if self.on else self.base.weight

    @property
    def bias(self) -> Tensor | None:
        """The bias that the layer stands for now."""
        return self.adapter.bias(self.base.bias) if self.on else self.base.bias


def adapt(module: nn.Module, method: Method, targets: Targets = None, *, seed: int = 0) -> nn.Module:
    """A module with some weights parametrised; all else is frozen and shared with the module given.

    Args:
        module: Any torch module; it is not changed.
        method: Such as `LoRA(rank=8)`.
        targets: Which layers' weights: a regular expression found in their names, a function of name and layer, or
            None for those the method means: all linear layers, if it does not say otherwise.
        seed: Of random starting values.

    Returns:
        A module of the same outputs, unless the method's paper starts elsewhere. Cost: that of the method's start.

    Raises:
        InputError: No layer is meant, or the method does not fit one of them.

    Example:
        >>> from modicum.weights.adapt import LoRA
        >>> net = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
        >>> small = adapt(net, LoRA(rank=2), "^0$")
        >>> {name: tuple(tensor.shape) for name, tensor in trainable(small).items()}
        {'0.adapter.down': (2, 8), '0.adapter.up': (4, 2)}
    """
    meant = _meant(module, method, targets)
    adapted = shared(module)
    start = Start(torch.Generator().manual_seed(seed))
    for name in meant:
        layer = adapted.get_submodule(name)
        try:
            adapter = method.build(layer, start)
        except InputError as error:
            raise InputError(f"layer {name!r}: {error}") from error
        kind = AdaptedWeight if isinstance(adapter, Adapter) else Adapted
        adapted = replace(adapted, name, kind(layer, adapter))
    return adapted


def _meant(module: nn.Module, method: Method, targets: Targets) -> list[str]:
    layers = {name: layer for name, layer in module.named_modules() if method.fits(layer)}
    if targets is None:
        found = [name for name, layer in layers.items() if method.meant(layer)]
    elif callable(targets):
        found = [name for name, layer in layers.items() if targets(name, layer)]
    else:
        found = [name for name in layers if re.search(targets, name)]
    if not found:
        near = nearest_name(str(targets), list(layers)) if layers else ""
        raise InputError(f"targets {targets!r} match no {method.adapts}{near}; the module has {len(layers)}")
    return found


def shared(module: nn.Module) -> nn.Module:
    """A copy of the module's structure whose tensors are those of the module itself, frozen."""
    memo: dict[int, Any] = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in module.parameters()}
    memo |= {id(b): b for b in module.buffers()}
    return copy.deepcopy(module, memo)


def replace(module: nn.Module, name: str, layer: nn.Module) -> nn.Module:
    """The module with another layer under a name; the empty name is the module itself."""
    if not name:
        return layer
    parent, _, child = name.rpartition(".")
    setattr(module.get_submodule(parent), child, layer)
    return module


def adapters(module: nn.Module) -> Iterator[tuple[str, Adapted]]:
    """Adapted layers and their names."""
    return ((name, layer) for name, layer in module.named_modules() if isinstance(layer, Adapted))


def turn(module: nn.Module, *, on: bool) -> None:
    """Turn all adapters on or off; off, the outputs are those of the base, bit for bit."""
    for _, layer in adapters(module):
        layer.on = on


def fold(module: nn.Module) -> nn.Module:
    """A plain module of the same shape and outputs, with every parametrised weight written out.

    Adapters that are turned off are left out. All parameters train again; tensors that were not adapted are shared.

    Raises:
        InputError: An adapter stands for no weight, and is not turned off.
    """
    plain = shared(module)
    for name, layer in list(adapters(plain)):
        try:
            plain = replace(plain, name, layer.adapter.folded(layer.base) if layer.on else layer.base)
        except InputError as error:
            raise InputError(f"layer {name!r}: {error}") from error
    return plain.requires_grad_(True)


def trainable(module: nn.Module) -> dict[str, Tensor]:
    """The small state dict to ship: every parameter that trains, and what adapters cannot derive from the base.

    The tensors are the module's own, not copies, but for methods that ship a shorter form of their parameters.
    """
    found: dict[str, Tensor] = dict(_outside(module))
    for prefix, adapter in _by_prefix(module):
        found |= {f"{prefix}{key}": tensor for key, tensor in adapter.shipped().items()}
    first = {id(tensor): name for name, tensor in reversed(found.items())}
    shared_once = {name: tensor for name, tensor in found.items() if first[id(tensor)] == name}
    return {name: tensor.detach() for name, tensor in shared_once.items()}


def _by_prefix(module: nn.Module) -> Iterator[tuple[str, LayerAdapter]]:
    """Adapters, and how the names of their tensors begin."""
    return ((f"{name}.adapter.".removeprefix("."), layer.adapter) for name, layer in adapters(module))


def _outside(module: nn.Module) -> dict[str, nn.Parameter]:
    """Parameters that train and are of no adapter."""
    own = {id(parameter) for _, adapter in _by_prefix(module) for parameter in adapter.parameters()}
    return {name: p for name, p in module.named_parameters() if p.requires_grad and id(p) not in own}


def penalty(module: nn.Module) -> Tensor | float:
    """What the adapters add to the loss: the sum of their penalties."""
    return sum((layer.adapter.penalty() for _, layer in adapters(module)), 0.0)


def restore(module: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Write back what `trainable` gave, into a module that was adapted in the same way.

    Raises:
        InputError: Names or shapes are not those of the module.
    """
    odd = sorted(trainable(module).keys() ^ state.keys())
    if odd:
        raise InputError(f"the saved adapter does not belong to this module: {odd[0]!r} is in one of them only")
    outside = _outside(module)
    write(outside, {name: state[name] for name in outside})
    for prefix, adapter in _by_prefix(module):
        try:
            adapter.take({name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)})
        except InputError as error:
            raise InputError(f"{prefix.removesuffix('.')!r}: {error}") from error


def write(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> None:
    """Copy tensors over those of the same names.

    Raises:
        InputError: A shape is another one.
    """
    for name, tensor in state.items():
        if own[name].shape != tensor.shape:
            raise InputError(f"{name!r} has shape {tuple(tensor.shape)}, but here it is {tuple(own[name].shape)}")
        own[name].detach().copy_(tensor)
