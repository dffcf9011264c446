"""The one mechanism of all side networks: an encoder that stays as it is, and a small network that reads its layers.

A method is one file: a network from the states of all layers to what is added to the last one, and a frozen dataclass
of its settings whose `build` makes it. The encoder runs without a gradient, in the mode in which it answers, so that a
step keeps nothing of it in memory; rows that come again are read from what was remembered, and cost no pass at all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from modicum.core.errors import InputError
from modicum.weights.adapt.adapter import restore, shared
from modicum.weights.adapt.saved import read_saved, write_saved
from modicum.weights.encoder import Batch, TextEncoder

PACKAGE = "modicum.weights.side"


class SideNetwork(nn.Module, ABC):
    """What is learnt beside an encoder. It starts by giving 0, so that the vectors start as the encoder's."""

    @abstractmethod
    def forward(self, states: Sequence[Tensor], mask: Tensor) -> Tensor:
        """What is added to the last states (n, L, D), from those after the embeddings and each layer; mask (n, L)."""


@dataclass(frozen=True, kw_only=True)
class SideMethod(ABC):
    """Settings of one way to learn beside an encoder; every file has one.

    Args:
        pooled: Whether the network reads one pooled vector a layer, or all tokens. The remembered are then shorter by
            the length of the text, and so is a step; what single tokens say is lost.
        dropout: Share of the numbers read that are dropped while training, at least 0 and under 1.
    """

    pooled: bool = False
    dropout: float = 0.1

    @abstractmethod
    def build(self, layers: int, width: int) -> SideNetwork:
        """A network for states of so many layers, that of the embeddings counted, and numbers a token.

        Raises:
            InputError: The settings do not fit them.
        """


class SideEncoder(nn.Module):
    """An encoder whose last states a side network moves, for whatever trains or asks an encoder."""

    base: TextEncoder
    network: SideNetwork

    def __init__(self, base: TextEncoder, network: SideNetwork, method: SideMethod) -> None:
        super().__init__()
        self.base = cast(TextEncoder, shared(base)).eval()
        self.network = network
        self.method = method
        self._remembered: dict[tuple[int, ...], Tensor] = {}

    @property
    def pad(self) -> int:
        """Token id of padding."""
        return self.base.pad

    def train(self, mode: bool = True) -> SideEncoder:
        """Training is the network's alone: the encoder reads as it answers."""
        super().train(mode)
        self.base.eval()
        return self

    def forward(self, batch: Batch) -> Tensor:
        """Vectors (n, D) of a batch."""
        return self.pool(self.states(batch)[-1], batch.mask)

    def states(self, batch: Batch) -> list[Tensor]:
        """Token vectors (n, L, D) after the embeddings and after each layer, the last ones moved; L is 1 if pooled."""
        keys = [_key(ids[real]) for ids, real in zip(batch.ids, batch.mask, strict=True)]
        rows = dict.fromkeys(keys) | {key: self._remembered[key] for key in keys if key in self._remembered}
        missing = [i for i, key in enumerate(keys) if rows[key] is None]
        if missing:
            read = self._read(Batch(batch.ids[missing], batch.mask[missing]))
            rows |= {keys[i]: row for i, row in zip(missing, read, strict=True)}
        found = [row for key in keys if (row := rows[key]) is not None]
        lengths = torch.tensor([len(row) for row in found])
        states = pad_sequence(found, batch_first=True).unbind(dim=2)
        mask = (torch.arange(int(lengths.max()))[None, :] < lengths[:, None]).to(batch.mask.device)
        read = [F.dropout(x, self.method.dropout, self.training) for x in states]
        return [*states[:-1], states[-1] + self.network(read, mask)]

    def pool(self, x: Tensor, mask: Tensor) -> Tensor:
        """Sentence vectors (n, D) from token vectors (n, L, D)."""
        return self.base.pool(x, mask[:, : x.shape[1]])

    def remember(self, tokens: Sequence[Sequence[int]], *, chunk: int = 32) -> None:
        """Keep what the encoder says of texts (lists of token ids), so that they need no pass any more.

        Memory: 4 bytes times layers times D a text, and times its tokens, too, if not pooled.
        """
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        for start in range(0, len(order), chunk):
            told = [tokens[row] for row in order[start : start + chunk]]
            read = self._read(Batch.of(told, self.pad, next(self.parameters()).device))
            self._remembered |= {tuple(ids): row.clone() for ids, row in zip(told, read, strict=True)}

    def _read(self, batch: Batch) -> list[Tensor]:
        """What the encoder says of each text: (L, layers, D)."""
        with torch.no_grad():
            states = self.base.states(batch)
            if self.method.pooled:
                return list(torch.stack([self.base.pool(x, batch.mask) for x in states], dim=1)[:, None])
        return [row[real] for row, real in zip(torch.stack(states, dim=2), batch.mask, strict=True)]


def _key(ids: Tensor) -> tuple[int, ...]:
    return tuple(ids.tolist())


def beside(encoder: TextEncoder, method: SideMethod, *, seed: int = 0) -> SideEncoder:
    """An encoder with a side network: its own tensors are shared and frozen, `trainable` gives the network's.

    Args:
        encoder: The encoder; it is not changed.
        method: Such as `UniPT(width=48)`.
        seed: Of random starting values.

    Returns:
        A module that gives the encoder's vectors until the network is trained.

    Raises:
        InputError: The settings are out of range or do not fit the encoder.
    """
    if not 0 <= method.dropout < 1:
        raise InputError(f"dropout must be at least 0 and under 1, not {method.dropout}")
    some = next(encoder.parameters())
    width = encoder.get_submodule(encoder.names.embedding_norm).weight.shape[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = method.build(encoder.depth + 1, width)
    return SideEncoder(encoder, network.to(some.device), method).train(encoder.training)


def zero_linear(width: int, out: int) -> nn.Linear:
    """A linear layer that starts by giving 0."""
    layer = nn.Linear(width, out)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def save(path: str | Path, side: SideEncoder) -> Path:
    """Write a side network, whole or not at all: what `trainable` gives, the settings, and which encoder it reads."""
    return write_saved(path, side, side.method, side.base)


def load(path: str | Path, base: TextEncoder) -> SideEncoder:
    """The encoder with a saved side network.

    Raises:
        InputError: There is no such file, it is damaged or of a newer schema, or it belongs to another encoder.
    """
    _, method, state = read_saved(path, base, SideMethod, PACKAGE)
    side = beside(base, method)
    restore(side, state)
    return side
