"""Growing: a wider encoder that starts as the small one.

The question: how is a larger encoder begun from a smaller one that is trained already? New units are copies of old
ones, and what reads them is shared out among the copies, so that every output stays what it was; training goes on from
there instead of from nothing. Shares that differ between copies keep them from staying copies for ever. Do not use it
to gain accuracy by itself: before training the larger encoder answers exactly as the small one, at a higher price.

Paper: "bert2BERT: Towards Reusable Pretrained Language Models" (Chen et al. 2022), function-preserving initialisation.
Changed: the width grows by whole multiples, as only then the norms after each layer give the same; unequal shares are a
setting; neither depth nor weights borrowed from the layer above, which do not preserve the function.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from modicum.core.card import Card
from modicum.core.errors import InputError
from modicum.weights.encoder import TextEncoder

CARD = Card(
    name="grow",
    room="weights",
    question="compress",
    summary="A wider encoder of the same outputs, as a start for training",
    paper="bert2BERT: Towards Reusable Pretrained Language Models",
    year=2022,
    needs=("weights",),
    cost="O(P) for P numbers of the larger encoder",
    tags=("function-preserving", "training-free"),
    ids=("001-167",),
)


def grow(
    encoder: TextEncoder,
    *,
    times: int = 1,
    inner: int | None = None,
    uneven: float = 0.0,
    rng: np.random.Generator,
) -> TextEncoder:
    """A larger encoder that gives the same vectors.

    Args:
        encoder: The small one, which is not changed.
        times: How many times as wide vectors and as many heads are; the vectors are then repeated, with the same
            cosines between them (and scaled to length 1 again where the encoder does so).
        inner: Inner units of each layer, at least as many as there are; None for `times` as many.
        uneven: How unlike the shares of copies are, from 0 (equal) to under 1.
        rng: Draws which inner units are copied, and unequal shares.

    Returns:
        An encoder with weights of its own. Cost: O(P) for its P numbers.

    Raises:
        InputError: A setting is out of range.

    Example:
        >>> config = {"num_attention_heads": 2, "num_hidden_layers": 0, "hidden_act": "gelu"}
        >>> names = ("word_embeddings.weight", "position_embeddings.weight", "token_type_embeddings.weight")
        >>> weights = {f"embeddings.{name}": np.ones((3, 4)) for name in names}
        >>> weights |= {f"embeddings.LayerNorm.{kind}": np.ones(4) for kind in ("weight", "bias")}
        >>> large = grow(TextEncoder(config, weights), times=2, rng=np.random.default_rng(0))
        >>> large.heads, tuple(large.embeddings.word_embeddings.weight.shape)
        (4, (3, 8))
    """
    if times < 1 or not 0 <= uneven < 1:
        raise InputError(f"times must be at least 1 and uneven from 0 to under 1, not {times} and {uneven}")
    n, state = encoder.names, encoder.state_dict()
    weights = {
        name: tensor.repeat(1, times) if tensor.ndim > 1 and name.startswith(n.embeddings) else tensor.repeat(times)
        for name, tensor in state.items()
        if tensor.ndim == 1 or name.startswith(n.embeddings)
    }
    for i in range(encoder.depth):
        prefix = n.layer.format(i=i)
        units = _copied(len(state[f"{prefix}{n.up}.bias"]), times, inner, rng)
        for name in (n.query, n.key, n.value, n.attention_out, n.up, n.down):
            weight = state[f"{prefix}{name}.weight"]
            rows, columns = (torch.arange(size).repeat(times) for size in weight.shape)
            rows = units if name == n.up else rows
            columns = units if name == n.down else columns
            weights[f"{prefix}{name}.weight"] = expanded(weight, rows, columns, copy_shares(columns, uneven, rng))
        weights[f"{prefix}{n.up}.bias"] = state[f"{prefix}{n.up}.bias"][units]
    return encoder.like(weights, _config(encoder, times, inner))


def expanded(weight: Tensor, rows: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
    """A weight (out, in) with rows and columns copied: (R, C), columns times their shares.

    Args:
        weight: The small weight.
        rows: Which old row each new one copies (R,).
        columns: Which old column each new one copies (C,).
        shares: Factor of each new column (C,), 1 in sum over the copies of an old one.

    Example:
        >>> columns = torch.tensor([0, 1, 1])
        >>> expanded(torch.tensor([[4.0, 6.0]]), torch.tensor([0]), columns, copy_shares(columns)).tolist()
        [[4.0, 3.0, 3.0]]
    """
    return weight[rows][:, columns] * shares.to(weight)


def copy_shares(copied: Tensor, uneven: float = 0.0, rng: np.random.Generator | None = None) -> Tensor:
    """Shares (C,) of copies: for each old unit they add up to 1.

    Args:
        copied: Which old unit each new one copies (C,).
        uneven: How unlike they are, from 0 (equal) to under 1.
        rng: Draws unequal ones; not asked for equal ones.
    """
    raw = torch.ones(len(copied), dtype=torch.double)
    if uneven and rng is not None:
        raw += uneven * torch.from_numpy(rng.uniform(-1, 1, len(copied)))
    total = torch.zeros(int(copied.max()) + 1, dtype=torch.double).index_add_(0, copied, raw)
    return raw / total[copied]


def _copied(units: int, times: int, inner: int | None, rng: np.random.Generator) -> Tensor:
    """Which old inner unit each new one copies: all of them, then some drawn at random."""
    wanted = units * times if inner is None else inner
    if wanted < units:
        raise InputError(f"{wanted} inner units are fewer than the {units} there are; a grown encoder keeps them all")
    return torch.from_numpy(np.concatenate([np.arange(units), rng.integers(0, units, wanted - units)]))


def _config(encoder: TextEncoder, times: int, inner: int | None) -> dict[str, Any]:
    """The encoder's settings with its sizes changed."""
    config = dict(encoder.config)
    for key in ("hidden_size", "num_attention_heads"):
        name = encoder.names.keys.get(key, key)
        if name in config:
            config[name] = config[name] * times
    for name in ("intermediate_size", "hidden_dim"):
        if name in config:
            config[name] = config[name] * times if inner is None else inner
    return config
