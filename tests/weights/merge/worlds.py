"""Small nets with given numbers, what moved them, and how any merge is called."""

from __future__ import annotations

import inspect

import numpy as np
import torch
from torch import nn

from modicum.weights.merge import Descent, Merged, Soup, chain_axes, task_vector


def waves(shape, phase):
    """Numbers that depend on nothing but shape and phase."""
    count = int(np.prod(shape))
    return torch.sin(0.7 * torch.arange(count, dtype=torch.double) + phase).reshape(shape).float()


def net(phase=0.2, inner=4):
    made = nn.Sequential(nn.Linear(3, inner), nn.Tanh(), nn.Linear(inner, 2))
    with torch.no_grad():
        for place, parameter in enumerate(made.parameters()):
            parameter.copy_(waves(parameter.shape, phase + place))
    return made


def random_net(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def inputs():
    return waves((5, 3), 0.4), torch.tensor([0, 1, 1, 0, 1])


def cross_entropy(forward, step):
    x, y = inputs()
    return nn.functional.cross_entropy(forward(x), y)


def merged(merge, base, states):
    """The weights that a merge gives for models tuned from a base, whatever it asks for."""
    given = {
        "states": lambda: states,
        "runs": lambda: [states, states[:1]],
        "score": lambda: lambda state: float(next(iter(state.values())).sum()),
        "axes": lambda: chain_axes(base),
        "rng": lambda: np.random.default_rng(0),
        "module": lambda: base,
        "vectors": lambda: [task_vector(base.state_dict(), state) for state in states],
        "loss": lambda: cross_entropy,
        "settings": lambda: Descent(steps=3),
    }
    asked = inspect.signature(merge).parameters
    found = merge(**{name: given[name]() for name in asked if name in given})
    return found.state if isinstance(found, (Merged, Soup)) else found
