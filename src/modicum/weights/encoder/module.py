"""A BERT-family encoder in torch: the same arithmetic as the ONNX graph, with weights under the names of their files.

Layers are looked up by name in every pass, so that whatever stands under a name, an adapter too, is what is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.encoders.architectures import architecture, padding, setting
from modicum.weights.attention import Attention

Layer = TypeVar("Layer", bound=nn.Module)

ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "relu": F.relu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
}


@dataclass(frozen=True, eq=False)
class Batch:
    """Token ids (n, L), and where they are tokens and no padding."""

    ids: Tensor
    mask: Tensor

    @classmethod
    def of(cls, tokens: Sequence[Sequence[int]], pad: int, device: torch.device | str = "cpu") -> Batch:
        """Lists of token ids, padded to the longest."""
        lengths = torch.tensor([len(ids) for ids in tokens])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        ids = torch.full(mask.shape, pad, dtype=torch.long)
        ids[mask] = torch.tensor([token for ids in tokens for token in ids])
        return cls(ids.to(device), mask.to(device))


class TextEncoder(nn.Module):
    """From token ids to sentence vectors.

    Args:
        config: The model's `config.json`.
        weights: Tensors by name, without a family's prefix; floating-point ones become parameters.
        pooling: `mean`, `cls`, `max` or `mean_sqrt_len`.
        normalize: Whether vectors are brought to length 1.
        dropout: Share of numbers that are dropped while training; default what the config says.

    Raises:
        InputError: A tensor that the architecture needs is missing.
    """

    mixed: bool = False
    """Whether layers compute in bfloat16 where that loses least. What is made of their states is not: differences
    between cosines are smaller than what bfloat16 tells apart."""

    def __init__(
        self,
        config: Mapping[str, Any],
        weights: Mapping[str, NDArray[Any]],
        *,
        pooling: str = "mean",
        normalize: bool = True,
        dropout: float | None = None,
    ) -> None:
        super().__init__()
        self.config = dict(config)
        self.pooling = pooling
        self.normalize = normalize
        said = config.get("hidden_dropout_prob", config.get("dropout", 0.1))
        self.dropout = float(said if dropout is None else dropout)
        self.heads = int(setting(config, "num_attention_heads"))
        self.depth = int(setting(config, "num_hidden_layers"))
        kinds = check_choice(str(setting(config, "hidden_act")), ACTIVATIONS, "the encoder's activation")
        self.activation = ACTIVATIONS[kinds]
        self.names = architecture(config)
        for name, layer in self._layers(weights).items():
            _place(self, name, layer)

    @property
    def pad(self) -> int:
        """Token id of padding."""
        return padding(self.config)

    def like(self, weights: Mapping[str, Tensor], config: Mapping[str, Any] | None = None) -> TextEncoder:
        """An encoder of the same kind with other weights, of other sizes, too, and perhaps another `config.json`."""
        arrays = {name: tensor.detach().cpu().numpy() for name, tensor in weights.items()}
        said = self.config if config is None else config
        other = TextEncoder(said, arrays, pooling=self.pooling, normalize=self.normalize, dropout=self.dropout)
        other.train(self.training)
        return other

    def forward(self, batch: Batch) -> Tensor:
        """Vectors (n, D) of a batch."""
        return self.pool(self.states(batch)[-1], batch.mask)

    def states(self, batch: Batch) -> list[Tensor]:
        """Token vectors (n, L, D) after the embeddings and after each layer."""
        with torch.autocast(batch.ids.device.type, dtype=torch.bfloat16) if self.mixed else nullcontext():
            x = self._embedded(batch)
            mask = batch.mask[:, None, None, :]
            found = [x]
            for i in range(self.depth):
                x = self._layer(x, self.names.layer.format(i=i), mask)
                found.append(x)
        return found

    def projected(self, x: Tensor, prefix: str) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (n, heads, L, D / heads) that a layer makes of what comes to it (n, L, D)."""
        n = self.names
        query, key, value = (
            self.get_submodule(f"{prefix}{name}")(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for name in (n.query, n.key, n.value)
        )
        return query, key, value

    def pool(self, x: Tensor, mask: Tensor) -> Tensor:
        """Sentence vectors (n, D) from token vectors (n, L, D)."""
        weight = mask[..., None].to(x.dtype)
        if self.pooling == "cls":
            out = x[:, 0]
        elif self.pooling == "max":
            out = x.masked_fill(~mask[..., None], -torch.inf).amax(dim=1)
        else:
            count = weight.sum(dim=1)
            out = (x * weight).sum(dim=1) / (count.sqrt() if self.pooling == "mean_sqrt_len" else count)
        return F.normalize(out, dim=-1) if self.normalize else out

    def _embedded(self, batch: Batch) -> Tensor:
        at = self.names.embeddings
        ids = batch.ids
        if self.names.positions_after_padding:
            real = (ids != self.pad).long()
            places = real.cumsum(dim=1) * real + self.pad
        else:
            places = torch.arange(ids.shape[1], device=ids.device)[None, :]
        x = self.get_submodule(f"{at}word_embeddings")(ids) + self.get_submodule(f"{at}position_embeddings")(places)
        if self.names.segments:
            x = x + self.get_submodule(f"{at}token_type_embeddings").weight[0]
        return self._dropped(self.get_submodule(self.names.embedding_norm)(x))

    def _layer(self, x: Tensor, prefix: str, mask: Tensor) -> Tensor:
        n = self.names
        out = self._dropped(self.get_submodule(f"{prefix}{n.attention_out}")(self._attended(x, prefix, mask)))
        x = self.get_submodule(f"{prefix}{n.attention_norm}")(x + out)
        hidden = self.activation(self.get_submodule(f"{prefix}{n.up}")(x))
        out = self._dropped(self.get_submodule(f"{prefix}{n.down}")(hidden))
        return self.get_submodule(f"{prefix}{n.out_norm}")(x + out)

    def _attended(self, x: Tensor, prefix: str, mask: Tensor) -> Tensor:
        attention = self.get_submodule(_attention(f"{prefix}{self.names.query}"))
        out = attention(*self.projected(x, prefix), mask, self.dropout if self.training else 0.0)
        return out.transpose(1, 2).flatten(2)

    def _dropped(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)

    def _layers(self, weights: Mapping[str, NDArray[Any]]) -> dict[str, nn.Module]:
        """The modules by name, with the weights in them."""
        n, epsilon = self.names, float(self.config.get("layer_norm_eps", 1e-12))

        def read(name: str) -> Tensor:
            if name not in weights:
                raise InputError(f"the encoder's weights hold no tensor {name!r}")
            return torch.from_numpy(np.array(weights[name], dtype=np.float32))

        def linear(name: str) -> nn.Linear:
            weight, bias = read(f"{name}.weight"), read(f"{name}.bias")
            return _filled(nn.Linear(weight.shape[1], weight.shape[0], device="meta"), weight=weight, bias=bias)

        def norm(name: str) -> nn.LayerNorm:
            weight, bias = read(f"{name}.weight"), read(f"{name}.bias")
            return _filled(nn.LayerNorm(len(weight), eps=epsilon, device="meta"), weight=weight, bias=bias)

        tables = ("word", "position", "token_type") if n.segments else ("word", "position")
        embeddings = [f"{n.embeddings}{table}_embeddings" for table in tables]
        prefixes = [n.layer.format(i=i) for i in range(self.depth)]
        linears = [f"{p}{name}" for p in prefixes for name in (n.query, n.key, n.value, n.attention_out, n.up, n.down)]
        queries = {f"{p}{n.query}": len(read(f"{p}{n.query}.weight")) for p in prefixes}
        norms = [n.embedding_norm, *(f"{p}{name}" for p in prefixes for name in (n.attention_norm, n.out_norm))]
        return (
            {name: nn.Embedding.from_pretrained(read(f"{name}.weight"), freeze=False) for name in embeddings}
            | {name: linear(name) for name in linears}
            | {name: norm(name) for name in norms}
            | {_attention(name): Attention(self.heads, width // self.heads) for name, width in queries.items()}
        )


def _attention(query: str) -> str:
    """The name under which attention stands, beside that of its query."""
    return f"{query.rpartition('.')[0]}.attend"


def _filled(layer: Layer, **tensors: Tensor) -> Layer:
    for name, tensor in tensors.items():
        setattr(layer, name, nn.Parameter(tensor))
    return layer


def _place(root: nn.Module, name: str, layer: nn.Module) -> None:
    """Put a layer under a dotted name, with empty modules on the way."""
    *path, last = name.split(".")
    for part in path:
        if not hasattr(root, part):
            root.add_module(part, nn.Module())
        root = root.get_submodule(part)
    root.add_module(last, layer)
