"""A small encoder and a lesson of three classes, whose texts have words of their own."""

from __future__ import annotations

import numpy as np
import torch

from modicum.encoders import load_folder
from modicum.weights.encoder import read_module
from modicum.weights.objectives import Lesson
from tests.encoders import tiny

TEXTS = (
    "where is my card",
    "the card is a card ?",
    "my card",
    "where is the pin",
    "my pin is new",
    "pin ? pin",
    "new lost",
    "lost is where ?",
    "the lost",
)
CODES = np.repeat(np.arange(3), 3)
NAMES = ("card", "pin", "lost")


def encoder(folder, *, dropout=0.0):
    """A small encoder as a module of torch, in training, beside the folder it came from."""
    found = load_folder(tiny.save_transformer(folder / "tiny", "bert"), threads=1)
    return found, read_module(found, dropout=dropout).train()


def lesson(found, *, labelled=(0, 1, 3, 4, 6, 7), names=True, proba=True):
    """Nine texts of three classes, six of them labelled; what is thought of them is right and unsure."""
    codes = np.full(len(CODES), -1)
    rows = list(labelled)
    codes[rows] = CODES[rows]
    thought = np.full((len(CODES), 3), 0.2)
    thought[np.arange(len(CODES)), CODES] = 0.6
    told = found.tokenize(NAMES) if names else None
    return Lesson(found.tokenize(TEXTS), codes, 3, told, thought if proba else None)


def unit(rows, width, *, seed=0):
    """Random vectors of length 1."""
    vectors = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(vectors, dim=1)


def descend(loss, module, *, steps, size=6, rate=2e-3, seed=0):
    """What batches cost while the encoder learns; the loss's own parameters train along."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.Adam([*module.parameters(), *loss.parameters()], lr=rate)
    told = []
    for _ in range(steps):
        cost = loss(module, loss.draw(size, rng))
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        told.append(cost.item())
    return told
