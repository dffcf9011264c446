"""The ONNX graph of a BERT-family encoder, built in code from its weights.

One graph goes from token ids to sentence vectors: embeddings, transformer layers, pooling, optional normalisation.
It uses onnxruntime's fused operators (`com.microsoft`), because onnxruntime is the only engine that runs it.
Architectures differ in three things only, named in `ARCHITECTURES`: where a weight is stored, where positions start,
and whether segment embeddings exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from modicum.core.errors import InputError

OPSET = 20
FUSED = "com.microsoft"
ACTIVATIONS = {"gelu": "Gelu", "relu": "Relu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}


@dataclass(frozen=True)
class Architecture:
    """Where one family keeps its weights; `{i}` is the layer number."""

    embeddings: str
    embedding_norm: str
    layer: str
    query: str
    key: str
    value: str
    attention_out: str
    attention_norm: str
    up: str
    down: str
    out_norm: str
    keys: Mapping[str, str] = field(default_factory=dict)
    segments: bool = True
    positions_after_padding: bool = False


_BERT_LAYER = {
    "layer": "encoder.layer.{i}.",
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention_out": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "out_norm": "output.LayerNorm",
}
_BERT = Architecture(embeddings="embeddings.", embedding_norm="embeddings.LayerNorm", **_BERT_LAYER)
_ROBERTA = Architecture(
    embeddings="embeddings.", embedding_norm="embeddings.LayerNorm", positions_after_padding=True, **_BERT_LAYER
)
_DISTILBERT = Architecture(
    embeddings="embeddings.",
    embedding_norm="embeddings.LayerNorm",
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
        "hidden_act": "activation",
    },
)
ARCHITECTURES = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "camembert": _ROBERTA,
    "distilbert": _DISTILBERT,
}


class _Builder:
    """Collects nodes and initializers while the graph is written from input to output."""

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        names = [name, *(f"{name}_{k}" for k in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, domain=domain, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def read(self, name: str) -> np.ndarray:
        if name not in self.weights:
            raise InputError(f"the encoder's weights hold no tensor {name!r}; is this the architecture its config names?")
        return np.asarray(self.weights[name], dtype=np.float32)

    def weight(self, name: str) -> str:
        return self.constant(self.read(name))

    def linear(self, x: str, name: str) -> str:
        """x W^T without the bias, which the next fused operator adds."""
        return self.node("MatMul", x, self.constant(self.read(f"{name}.weight").T))


def _setting(config: Mapping[str, Any], arch: Architecture, key: str) -> Any:
    name = arch.keys.get(key, key)
    if name not in config:
        raise InputError(f"the encoder's config.json lacks {name!r}")
    return config[name]


def _embed(b: _Builder, config: Mapping[str, Any], arch: Architecture, epsilon: float) -> str:
    """Token, position and segment embeddings, summed and normalised: (batch, length, hidden)."""
    words = b.node("Gather", b.weight(f"{arch.embeddings}word_embeddings.weight"), "input_ids")
    table = b.read(f"{arch.embeddings}position_embeddings.weight")
    if arch.segments:
        segments = b.read(f"{arch.embeddings}token_type_embeddings.weight")
        table = table + segments[0]
    if arch.positions_after_padding:
        mask = b.node("Cast", "attention_mask", to=TensorProto.INT64)
        count = b.node("CumSum", mask, b.constant(np.array(1, dtype=np.int64)))
        padding = b.constant(np.array(config.get("pad_token_id", 1), dtype=np.int64))
        positions = b.node("Add", b.node("Mul", count, mask), padding)
    else:
        length = b.node("Gather", b.node("Shape", "input_ids"), b.constant(np.array(1, dtype=np.int64)))
        zero, one = b.constant(np.array(0, dtype=np.int64)), b.constant(np.array(1, dtype=np.int64))
        positions = b.node("Range", zero, length, one)
    summed = b.node("Add", words, b.node("Gather", b.constant(table), positions))
    norm = arch.embedding_norm
    scale, shift = b.weight(f"{norm}.weight"), b.weight(f"{norm}.bias")
    return b.node("LayerNormalization", summed, scale, shift, axis=-1, epsilon=epsilon)


def _add_norm(b: _Builder, x: str, skip: str, norm: str, bias: str, epsilon: float) -> str:
    """LayerNorm(x + bias + skip) in one operator."""
    scale, shift = b.weight(f"{norm}.weight"), b.weight(f"{norm}.bias")
    return b.node(
        "SkipLayerNormalization", x, skip, scale, shift, b.weight(f"{bias}.bias"), domain=FUSED, epsilon=epsilon
    )


def _layer(b: _Builder, x: str, prefix: str, arch: Architecture, heads: int, activation: str, epsilon: float) -> str:
    """One transformer layer: self-attention and feed-forward, each followed by add-and-normalise."""
    projections = [f"{prefix}{name}" for name in (arch.query, arch.key, arch.value)]
    packed = b.constant(np.concatenate([b.read(f"{p}.weight").T for p in projections], axis=1))
    bias = b.constant(np.concatenate([b.read(f"{p}.bias") for p in projections]))
    attention = b.node("Attention", x, packed, bias, "attention_mask", domain=FUSED, num_heads=heads)
    out = f"{prefix}{arch.attention_out}"
    x = _add_norm(b, b.linear(attention, out), x, f"{prefix}{arch.attention_norm}", out, epsilon)
    up, down = f"{prefix}{arch.up}", f"{prefix}{arch.down}"
    hidden = b.linear(x, up)
    if activation == "Gelu":
        hidden = b.node("BiasGelu", hidden, b.weight(f"{up}.bias"), domain=FUSED)
    else:
        hidden = b.node("Add", hidden, b.weight(f"{up}.bias"))
        hidden = b.node(activation, hidden, domain=FUSED if activation == "FastGelu" else "")
    return _add_norm(b, b.linear(hidden, down), x, f"{prefix}{arch.out_norm}", down, epsilon)


def _pool(b: _Builder, x: str, pooling: str) -> str:
    """(batch, length, hidden) -> (batch, hidden) by the rule of the encoder's modules.json."""
    axis = b.constant(np.array([1], dtype=np.int64))
    if pooling == "cls":
        return b.node("Gather", x, b.constant(np.array(0, dtype=np.int64)), axis=1)
    mask = b.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    weights = b.node("Unsqueeze", mask, b.constant(np.array([2], dtype=np.int64)))
    if pooling == "max":
        absent = b.node("Sub", weights, b.constant(np.array(1.0, dtype=np.float32)))
        pushed = b.node("Add", x, b.node("Mul", absent, b.constant(np.array(1e9, dtype=np.float32))))
        return b.node("ReduceMax", pushed, axis, keepdims=0)
    total = b.node("ReduceSum", b.node("Mul", x, weights), axis, keepdims=0)
    count = b.node("ReduceSum", mask, axis, keepdims=1)
    if pooling == "mean_sqrt_len":
        count = b.node("Sqrt", count)
    return b.node("Div", total, b.node("Max", count, b.constant(np.array(1e-9, dtype=np.float32))))


def build_graph(
    config: Mapping[str, Any], weights: Mapping[str, np.ndarray], *, pooling: str = "mean", normalize: bool = True
) -> onnx.ModelProto:
    """Build the graph `(input_ids, attention_mask) -> vectors` of a BERT-family encoder.

    Args:
        config: The model's `config.json`; `model_type` is one of `ARCHITECTURES`.
        weights: Tensors by name, as in `model.safetensors`; an optional `bert.` or `roberta.` prefix is removed.
        pooling: `mean`, `cls`, `max` or `mean_sqrt_len`.
        normalize: Whether each vector is brought to Euclidean length 1.

    Returns:
        A model with int32 inputs `input_ids`, `attention_mask` (batch, length) and float32 output `vectors` (batch, hidden).

    Raises:
        InputError: The architecture, activation or position scheme is not one this builder knows.
    """
    kind = str(config.get("model_type", "bert"))
    if kind not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise InputError(f"encoders of type {kind!r} are not supported; known types: {known}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise InputError(f"position embeddings of type {config['position_embedding_type']!r} are not supported")
    arch = ARCHITECTURES[kind]
    activation = str(_setting(config, arch, "hidden_act"))
    if activation not in ACTIVATIONS:
        raise InputError(f"the activation {activation!r} is not supported; known: {', '.join(sorted(ACTIVATIONS))}")
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    prefix = f"{kind.replace('xlm-', '').replace('camembert', 'roberta')}."
    b = _Builder({name.removeprefix(prefix): tensor for name, tensor in weights.items()})
    x = _embed(b, config, arch, epsilon)
    heads = int(_setting(config, arch, "num_attention_heads"))
    for i in range(int(_setting(config, arch, "num_hidden_layers"))):
        x = _layer(b, x, arch.layer.format(i=i), arch, heads, ACTIVATIONS[activation], epsilon)
    x = _pool(b, x, pooling)
    if normalize:
        x = b.node("LpNormalization", x, axis=-1, p=2)
    b.nodes.append(helper.make_node("Identity", [x], ["vectors"]))
    return _model(b, int(_setting(config, arch, "hidden_size")))


def _model(b: _Builder, width: int) -> onnx.ModelProto:
    ids = [helper.make_tensor_value_info(n, TensorProto.INT32, ["n", "l"]) for n in ("input_ids", "attention_mask")]
    out = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", width])]
    graph = helper.make_graph(b.nodes, "encoder", ids, out, initializer=b.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
