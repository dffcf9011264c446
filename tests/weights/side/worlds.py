"""A small encoder of three layers of states, and batches for it."""

from __future__ import annotations

import dataclasses

import torch

from modicum.encoders import load_folder
from modicum.weights.encoder import Batch, read_module
from tests.encoders import tiny
from tests.weights.objectives.worlds import TEXTS


def encoder(folder, *, dropout=0.3):
    """A small encoder as a module of torch, in training, and token ids of nine texts."""
    found = load_folder(tiny.save_transformer(folder / "tiny", "bert"), threads=1)
    return read_module(found, dropout=dropout).train(), found.tokenize(TEXTS)


def made(kind, **settings):
    """The method at sizes that fit a small encoder."""
    fields = {field.name for field in dataclasses.fields(kind)}
    small = {name: value for name, value in {"width": 6, "stages": 2}.items() if name in fields}
    return kind(**small | settings)


def batch(module, tokens):
    return Batch.of(tokens, module.pad)


def moved(module, size=0.3, seed=0):
    """The module with every number that trains moved."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in module.parameters():
            if tensor.requires_grad:
                tensor.add_(size * torch.randn(tensor.shape, generator=generator))
    return module
