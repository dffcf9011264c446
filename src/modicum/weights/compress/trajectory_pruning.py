"""Pruning by trajectory: units whose removal hardly shows in any later layer are taken out, without training again.

The question: which inner units of an encoder can go? Each group of units is removed by itself, and the error is what
that changes in the similarities between tokens after every later layer, so that a unit counts by what it does along the
whole way. The groups with the least error a unit go until the rest fits the budget. Do not use it to take more than
about a quarter (errors of groups that go together do not add up), or where training afterwards is affordable.

Paper: "The Need for Speed: Pruning Transformers with One Recipe" (OPTIN, Khaki & Plataniotis 2024). Changed: inner
units only, as an encoder's layers all have the same number of heads; in groups of units that contribute alike, as one
by one takes an hour on a CPU; no logits, so that unlabelled rows are enough; no factor by a unit's place in its layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.card import Card
from modicum.core.checks import check_fraction
from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import shared
from modicum.weights.encoder import Batch, TextEncoder

CARD = Card(
    name="trajectory_errors",
    room="weights",
    question="compress",
    summary="Units ranked by what their removal changes in the similarities of tokens along later layers",
    paper="The Need for Speed: Pruning Transformers with One Recipe",
    year=2024,
    needs=("weights", "unlabelled", "texts"),
    cost="O(G) passes over a batch for G groups, and O(n^2 D) a layer for its n tokens",
    tags=("training-free", "pruning"),
    ids=("002-052",),
)

Trajectory = Callable[[nn.Module], Sequence[Tensor]]


@dataclass(frozen=True)
class Group:
    """Units that go or stay together."""

    layer: int
    """Place in the trajectory of the layer they are in."""
    weight: str
    """Name of the weight that reads them."""
    columns: tuple[int, ...]
    """Which of its columns they are."""


def inner_groups(encoder: TextEncoder, batch: Batch | None = None, *, size: int = 8) -> list[Group]:
    """The inner units of an encoder's layers in groups; the last of a layer may be smaller.

    Args:
        encoder: The encoder; it is not changed.
        batch: Rows on which units of one group add about as much to their layer's output, so that a group can be
            worth little as a whole; None for neighbours, which are as good as random.
        size: Units of a group, at least 1.

    Raises:
        InputError: The size is under 1.
    """
    if size < 1:
        raise InputError(f"groups need at least one unit, not {size}")
    names = [f"{encoder.names.layer.format(i=i)}{encoder.names.down}" for i in range(encoder.depth)]
    groups = []
    for i, name in enumerate(names):
        weight = encoder.get_parameter(f"{name}.weight")
        order = range(weight.shape[1]) if batch is None else _by_contribution(encoder, name, batch)
        units = range(0, weight.shape[1], size)
        groups += [Group(i, f"{name}.weight", tuple(order[start : start + size])) for start in units]
    return groups


def _by_contribution(encoder: TextEncoder, name: str, batch: Batch) -> list[int]:
    """Units that a layer reads, by the size of what they add to its output."""
    copy = shared(encoder).eval()
    layer = copy.get_submodule(name)
    seen: list[Tensor] = []
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][batch.mask]))
    with torch.no_grad():
        copy(batch)
    order: list[int] = (seen[0].norm(dim=0) * layer.weight.norm(dim=0)).argsort(stable=True).tolist()
    return order


def encoder_trajectory(batch: Batch, *, most: int = 768, seed: int = 0) -> Trajectory:
    """What an encoder makes of a batch after each layer: vectors of at most so many tokens, drawn once."""
    places = batch.mask.flatten().nonzero().flatten()
    drawn = places[torch.randperm(len(places), generator=torch.Generator().manual_seed(seed))[:most]]

    def trajectory(module: nn.Module) -> Sequence[Tensor]:
        states = module.states(batch)[1:]
        return [state.flatten(0, 1)[drawn.to(state.device)] for state in states]

    return trajectory


def trajectory_errors(module: nn.Module, groups: Sequence[Group], trajectory: Trajectory) -> list[float]:
    """What the removal of each group changes along later layers.

    Args:
        module: Any torch module; it is not changed. Call `eval()` on it before.
        groups: Units, by the columns of the weight that reads them.
        trajectory: From a module to token vectors (n, D) after each layer, the same tokens every time.

    Returns:
        For each group the mean squared change of the cosines between tokens, summed over the layers after its own; of
        the last layer, over itself. At least 0. Cost: a pass of the trajectory a group.

    Raises:
        InputError: A group is in no layer of the trajectory, or names columns that its weight lacks.

    Example:
        >>> net = nn.Sequential(nn.Linear(3, 2, bias=False))
        >>> _ = net.load_state_dict({"0.weight": torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])})
        >>> groups = [Group(0, "0.weight", (column,)) for column in range(3)]
        >>> errors = trajectory_errors(net, groups, lambda module: [module(torch.eye(3) + 0.1)])
        >>> errors[1] == 0 < min(errors[0], errors[2])
        True
    """
    with torch.no_grad():
        copy = shared(module).eval()
        wanted = [_cosines(tokens) for tokens in trajectory(copy)]
        errors = []
        for group in groups:
            if not 0 <= group.layer < len(wanted):
                raise InputError(f"layer {group.layer} is not one of the trajectory's {len(wanted)}")
            found = trajectory(_without(copy, group))
            first = min(group.layer + 1, len(wanted) - 1)
            later = range(first, len(wanted))
            errors.append(float(sum((_cosines(found[k]) - wanted[k]).square().mean() for k in later)))
    return errors


def kept_within(groups: Sequence[Group], errors: Sequence[float], keep: float) -> list[Group]:
    """The groups that stay: those with the largest error a unit, the best of each layer in any case.

    Args:
        groups: All groups.
        errors: What each one's removal changes.
        keep: Share of the units that may stay, between 0 and 1.

    Raises:
        InputError: `keep` is not between 0 and 1.

    Example:
        >>> groups = [Group(0, "w", (0, 1)), Group(0, "w", (2, 3)), Group(1, "v", (0, 1)), Group(1, "v", (2, 3))]
        >>> [group.columns for group in kept_within(groups, [0.1, 0.2, 0.8, 0.9], 0.75)]
        [(2, 3), (0, 1), (2, 3)]
    """
    check_fraction(keep, "keep")
    worth = [error / len(group.columns) for group, error in zip(groups, errors, strict=True)]
    order = sorted(range(len(groups)), key=lambda place: -worth[place])
    best = {groups[place].layer: place for place in reversed(order)}
    chosen = set(best.values())
    left = keep * sum(len(group.columns) for group in groups) - sum(len(groups[i].columns) for i in chosen)
    for place in order:
        if place not in chosen and len(groups[place].columns) <= left:
            chosen.add(place)
            left -= len(groups[place].columns)
    return [group for place, group in enumerate(groups) if place in chosen]


def with_inner_units(encoder: TextEncoder, groups: Sequence[Group]) -> TextEncoder:
    """The encoder with no inner units but those of the groups: smaller weights, as fast as they are small.

    Raises:
        InputError: A layer would be left without any.
    """
    kept: dict[str, list[int]] = {}
    for group in groups:
        kept.setdefault(group.weight, []).extend(group.columns)
    weights = {name: tensor.detach().clone() for name, tensor in encoder.state_dict().items()}
    for i in range(encoder.depth):
        up, down = (f"{encoder.names.layer.format(i=i)}{part}" for part in (encoder.names.up, encoder.names.down))
        units = torch.tensor(sorted(kept.get(f"{down}.weight", [])), dtype=torch.long)
        if not len(units):
            raise InputError(f"layer {i} would be left without inner units; keep a group of each layer")
        weights[f"{down}.weight"] = weights[f"{down}.weight"][:, units]
        for kind in ("weight", "bias"):
            weights[f"{up}.{kind}"] = weights[f"{up}.{kind}"][units]
    return encoder.like(weights)


def _without(module: nn.Module, group: Group) -> nn.Module:
    """A module of the same tensors but one, whose columns are zero."""
    name, _, last = group.weight.rpartition(".")
    copy = shared(module)
    weight = copy.get_submodule(name).get_parameter(last).clone()
    if not 0 <= min(group.columns, default=-1) <= max(group.columns, default=-1) < weight.shape[1]:
        raise InputError(f"columns {group.columns} do not fit {group.weight!r} of shape {tuple(weight.shape)}")
    weight[:, list(group.columns)] = 0
    setattr(copy.get_submodule(name), last, nn.Parameter(weight, requires_grad=False))
    return copy


def _cosines(tokens: Tensor) -> Tensor:
    unit = F.normalize(tokens, dim=-1)
    return unit @ unit.T
