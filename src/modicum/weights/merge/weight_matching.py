"""Weight matching: the order of hidden units under which two models are most alike, so that they can be averaged.

The question: how are models of unlike starts merged? Hidden units can be reordered without changing what a model
does; the orders that bring the second model's weights closest to the first's are found one group of units at a time,
each as an assignment problem, until none gains. The distance hardly falls by that, but directions along large singular
values come to lie side by side (`singular_alignment` in `weights/diagnose` tells), and these make the function. Do not
use it for models tuned from one start, whose units correspond already, or expect small nets to average well.

Paper: "Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching" (Ito et al. 2024), of the method of
"Git Re-Basin: Merging Models modulo Permutation Symmetries" (Ainsworth et al. 2023). Changed: nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.states import State, check_alike, mean_state

CARD = Card(
    name="weight_matching",
    room="weights",
    question="merge",
    summary="Hidden units reordered so that two models' weights lie closest",
    paper="Analysis of Linear Mode Connectivity via Permutation-Based Weight Matching",
    year=2024,
    needs=("weights",),
    cost="O(H^3 + H P) a round for groups of H units and P numbers; few rounds",
    tags=("training-free", "permutation"),
    ids=("004-000",),
)

Axes = Mapping[str, Sequence[str | None]]
GAIN = 1e-12


def weight_matching(
    first: State, second: State, axes: Axes, *, rng: np.random.Generator, rounds: int = 100
) -> dict[str, Tensor]:
    """Orders of hidden units that bring a model's weights closest to another's.

    Args:
        first: State dict that is matched.
        second: State dict whose units are reordered.
        axes: For each tensor with hidden units, the group of units along each axis, or None (`chain_axes`,
            `encoder_axes`).
        rng: Decides in which order groups are visited.
        rounds: Most visits of all groups, at least 1.

    Returns:
        For each group, which of the second's units comes where: (H,) unit numbers for `reordered`. The sum of products
        with the first model's weights never falls. Cost: O(H^3 + H P) a round.

    Raises:
        InputError: The models differ in names or shapes, or the axes do not fit them.

    Example:
        >>> first = {"up": torch.tensor([[1.0], [5.0]]), "down": torch.tensor([[2.0, 3.0]])}
        >>> second = {"up": torch.tensor([[5.0], [1.0]]), "down": torch.tensor([[3.0, 2.0]])}
        >>> axes = {"up": ("hidden", None), "down": (None, "hidden")}
        >>> weight_matching(first, second, axes, rng=np.random.default_rng(0))["hidden"].tolist()
        [1, 0]
    """
    check_alike(first, second)
    orders = {group: torch.arange(size) for group, size in _groups(first, axes).items()}
    names = sorted(orders)
    for _ in range(rounds):
        gained = False
        for place in rng.permutation(len(names)):
            group = names[place]
            products = _products(first, second, axes, orders, group)
            _, found = linear_sum_assignment(products.numpy(), maximize=True)
            every, order = torch.arange(len(found)), torch.from_numpy(found)
            gained |= bool(products[every, order].sum() > products[every, orders[group]].sum() + GAIN)
            orders[group] = order
        if not gained:
            break
    return orders


def reordered(state: State, axes: Axes, orders: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A model with its hidden units in another order: the same function, if the axes are right.

    Example:
        >>> model, axes = {"up": torch.tensor([[5.0], [1.0]])}, {"up": ("hidden", None)}
        >>> reordered(model, axes, {"hidden": torch.tensor([1, 0])})["up"].tolist()
        [[1.0], [5.0]]
    """
    return {name: _reordered(tensor, axes.get(name, ()), orders).clone() for name, tensor in state.items()}


def matched_soup(states: Sequence[State], axes: Axes, *, rng: np.random.Generator) -> dict[str, Tensor]:
    """The mean of models once each is reordered to match the first.

    Raises:
        InputError: There is no model, they differ in names or shapes, or the axes do not fit them.

    Example:
        >>> models = [{"up": torch.tensor([[1.0], [5.0]])}, {"up": torch.tensor([[5.2], [1.2]])}]
        >>> matched_soup(models, {"up": ("hidden", None)}, rng=np.random.default_rng(0))["up"].tolist()
        [[1.100000023841858], [5.099999904632568]]
    """
    return mean_state(
        state if place == 0 else reordered(state, axes, weight_matching(states[0], state, axes, rng=rng))
        for place, state in enumerate(states)
    )


def _groups(state: State, axes: Axes) -> dict[str, int]:
    """Groups and how many units they have."""
    sizes: dict[str, int] = {}
    for name, groups in axes.items():
        if name not in state:
            raise InputError(f"axes name the tensor {name!r}, which the models lack")
        shape = tuple(state[name].shape)
        if len(groups) != len(shape):
            raise InputError(f"axes give {len(groups)} groups for tensor {name!r} of shape {shape}; give one an axis")
        for group, size in zip(groups, shape, strict=True):
            if group is not None and sizes.setdefault(group, size) != size:
                raise InputError(f"group {group!r} has {sizes[group]} units, but tensor {name!r} has shape {shape}")
    return sizes


def _products(first: State, second: State, axes: Axes, orders: Mapping[str, Tensor], group: str) -> Tensor:
    """Products (H, H) of all weights at a unit of the first model with those at a unit of the second."""
    size = len(orders[group])
    total = torch.zeros(size, size, dtype=torch.double)
    for name, groups in axes.items():
        for axis, own in enumerate(groups):
            if own != group:
                continue
            others = [None if place == axis else other for place, other in enumerate(groups)]
            sides = first[name], _reordered(second[name], others, orders)
            a, b = (side.detach().cpu().double().movedim(axis, 0).reshape(size, -1) for side in sides)
            total += a @ b.T
    return total


def _reordered(tensor: Tensor, groups: Sequence[str | None], orders: Mapping[str, Tensor]) -> Tensor:
    for axis, group in enumerate(groups):
        if group is not None:
            tensor = tensor.detach().index_select(axis, orders[group].to(tensor.device))
    return tensor
