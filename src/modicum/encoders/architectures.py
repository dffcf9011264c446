"""The BERT family: which weight is stored where.

Architectures differ in three things only: the names of weights and settings, where positions start, and whether segment
embeddings exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modicum.core.errors import InputError

POOLINGS = ("mean", "cls", "max", "mean_sqrt_len")


@dataclass(frozen=True)
class Architecture:
    """Where one family keeps its weights, as BERT does unless said otherwise; `{i}` is the layer number."""

    embeddings: str = "embeddings."
    embedding_norm: str = "embeddings.LayerNorm"
    layer: str = "encoder.layer.{i}."
    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    attention_out: str = "attention.output.dense"
    attention_norm: str = "attention.output.LayerNorm"
    up: str = "intermediate.dense"
    down: str = "output.dense"
    out_norm: str = "output.LayerNorm"
    keys: Mapping[str, str] = field(default_factory=dict)
    """Names of settings that differ from BERT's."""
    segments: bool = True
    positions_after_padding: bool = False
    """Whether positions count from the padding token's id + 1, skipping padding."""


_ROBERTA = Architecture(positions_after_padding=True)
_DISTILBERT = Architecture(
    layer="transformer.layer.{i}.",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    attention_out="attention.out_lin",
    attention_norm="sa_layer_norm",
    up="ffn.lin1",
    down="ffn.lin2",
    out_norm="output_layer_norm",
    segments=False,
    keys={
        "hidden_size": "dim",
        "num_attention_heads": "n_heads",
        "num_hidden_layers": "n_layers",
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
    },
)
ARCHITECTURES = {
    "bert": Architecture(),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "distilbert": _DISTILBERT,
}


def architecture(config: Mapping[str, Any]) -> Architecture:
    """The architecture that a `config.json` names.

    Raises:
        InputError: It is not one of `ARCHITECTURES`.
    """
    kind = str(config.get("model_type", "bert"))
    if kind not in ARCHITECTURES:
        raise InputError(
            f"encoders of type {kind!r} are not supported; known types: {', '.join(sorted(ARCHITECTURES))}"
        )
    return ARCHITECTURES[kind]


def setting(config: Mapping[str, Any], key: str) -> Any:
    """A value of `config.json` by its name in BERT.

    Raises:
        InputError: It is missing.
    """
    name = architecture(config).keys.get(key, key)
    if name not in config:
        raise InputError(f"the encoder's config.json lacks {name!r}; copy the model again")
    return config[name]


def padding(config: Mapping[str, Any]) -> int:
    """The token id that fills batches."""
    named = config.get("pad_token_id")
    return int(architecture(config).positions_after_padding if named is None else named)
