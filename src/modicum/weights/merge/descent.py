"""Coefficients of task vectors found by gradient descent: the loop that methods share.

Only the coefficients move. Their gradient is the product of each block of a vector with the gradient of the merged
weights, so that one step costs a step of plain training and one pass over the vectors. Buffers, such as the statistics
of batch norms, are merged with the coefficients they have, but tell the search nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from modicum.core.errors import InputError
from modicum.weights.merge.task_vectors import check_vectors_of, compose
from modicum.weights.states import State

Forward = Callable[..., Any]
Loss = Callable[[Forward, int], Tensor]


@dataclass(frozen=True)
class Descent:
    """Settings of the search for coefficients, by AdamW.

    Args:
        steps: Steps, at least 1.
        rate: Learning rate, above 0.
        decay: Weight decay of what is learnt, at least 0.
        clip: Largest norm of a step's gradient, above 0.

    Raises:
        InputError: A setting is out of its range.
    """

    steps: int = 200
    rate: float = 0.01
    decay: float = 0.0
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.rate <= 0 or self.decay < 0 or self.clip <= 0:
            raise InputError(f"steps must be at least 1, rate and clip above 0 and decay at least 0, not {self}")


@dataclass(frozen=True, eq=False)
class Merged:
    """A model made of a base and task vectors."""

    state: dict[str, Tensor]
    """Its weights, by the names of the module's state dict."""
    coefficients: Tensor
    """One for each task vector and block (T, B)."""
    losses: tuple[float, ...]
    """The loss before each step."""
    stopped: str = ""
    """Why the search ended early, if it did: the coefficients are then the last that gave a finite loss."""


def descend(
    module: nn.Module,
    vectors: Sequence[State],
    loss: Loss,
    free: Sequence[Tensor],
    coefficients: Callable[[], Tensor],
    settings: Descent,
) -> Merged:
    """Move what is free until the merged weights lower the loss.

    Args:
        module: The base, which is not changed; it runs in the mode (training or not) that it is in.
        vectors: T task vectors of the module's state dict, with B blocks.
        loss: Gives the loss of a step, a scalar, from a function that answers as the merged module would and from the
            number of the step, which tells rows apart.
        free: Leaf tensors that move.
        coefficients: The coefficients (T, B) that they stand for now.
        settings: Of the search.

    Raises:
        InputError: The vectors do not fit the module, the loss does not depend on its answers, or the first one is NaN
            or infinite.
    """
    base = module.state_dict()
    check_vectors_of(base, vectors)
    moved = [name for name, _ in module.named_parameters() if name in vectors[0]]
    own = [*moved, *(name for name, _ in module.named_buffers() if name in base)]
    optimizer = torch.optim.AdamW(free, lr=settings.rate, weight_decay=settings.decay)
    losses: list[float] = []
    kept, stopped = coefficients().detach().clone(), ""
    try:
        for step in range(settings.steps):
            now = coefficients()
            merged = compose(base, vectors, now)
            leaves = [merged[name].requires_grad_() for name in moved]
            value = _checked(loss(_answering(module, {name: merged[name] for name in own}), step))
            if not torch.isfinite(value):
                stopped = f"the loss of step {step + 1} is not finite"
                break
            losses.append(value.item())
            kept = now.detach().clone()
            slopes = torch.autograd.grad(value, leaves, allow_unused=True)
            optimizer.zero_grad()
            now.backward(_slopes(vectors, dict(zip(moved, slopes, strict=True)), now))
            nn.utils.clip_grad_norm_(free, settings.clip)
            optimizer.step()
    except KeyboardInterrupt:
        stopped = f"interrupted in step {len(losses) + 1}"
    if stopped and not losses:
        raise InputError(f"{stopped}; no coefficients were found")
    last = kept if stopped else coefficients().detach()
    return Merged(_placed(module, compose(base, vectors, last), own), last.clone(), tuple(losses), stopped)


def _answering(module: nn.Module, tensors: dict[str, Tensor]) -> Forward:
    """What answers as the module would with other tensors."""
    return lambda *rest, **more: functional_call(module, tensors, rest, more)


def _checked(loss: Tensor) -> Tensor:
    if loss.ndim or not loss.requires_grad:
        raise InputError("the loss must be a scalar tensor that depends on the answers of the function it is given")
    return loss


def _slopes(vectors: Sequence[State], slopes: dict[str, Tensor | None], like: Tensor) -> Tensor:
    """The gradient of coefficients (T, B) from that of the merged weights."""
    found = torch.zeros_like(like)
    for t, vector in enumerate(vectors):
        for b, (name, tensor) in enumerate(vector.items()):
            slope = slopes.get(name)
            if slope is not None:
                found[t, b] = (slope * tensor).sum()
    return found


def _placed(module: nn.Module, state: State, names: Sequence[str]) -> dict[str, Tensor]:
    """The state dict of the module with other tensors, shared ones still equal."""
    other = copy.deepcopy(module)
    own: dict[str, Tensor] = other.state_dict()
    for name in names:
        own[name].copy_(state[name])
    return own
