"""Small nets, and what is done to them."""

from __future__ import annotations

import torch
from torch import nn

from modicum.weights.attention import Attention


def net(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 8))


class Attending(nn.Module):
    """Attention between the rows, with linear layers around it."""

    def __init__(self):
        super().__init__()
        self.mix, self.attend, self.out = nn.Linear(12, 36), Attention(3, 4), nn.Linear(12, 8)

    def forward(self, x):
        mixed = (part.unflatten(-1, (3, 4)).transpose(0, 1)[None] for part in self.mix(x).chunk(3, dim=-1))
        there = torch.ones(1, 1, 1, len(x), dtype=torch.bool)
        return self.out(self.attend(*mixed, there, 0.0)[0].transpose(0, 1).flatten(1))


def world(kind):
    """A net that a method can adapt."""
    if kind.folds:
        return net()
    torch.manual_seed(0)
    return Attending()


def inputs(seed=1):
    return torch.randn(7, 12, generator=torch.Generator().manual_seed(seed))


def moved(module, size=0.1, seed=0):
    """The module with every number that trains moved."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in module.parameters():
            if tensor.requires_grad:
                tensor.add_(size * torch.randn(tensor.shape, generator=generator))
    return module


def descend(module, steps=2, rate=0.01):
    """A few steps of plain gradient descent on the sum of squares."""
    optimizer = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        module(inputs()).square().sum().backward()
        optimizer.step()
    return module
