"""The ONNX graph of a BERT-family encoder, built in code from its weights.

One graph goes from token ids to sentence vectors: embeddings, transformer layers, pooling, dense layers, optional
normalisation. It uses onnxruntime's fused operators (`com.microsoft`), because onnxruntime is the only engine that runs
it. Large weights stay outside the graph, so that none is copied or serialised.

With 8 bits the products of linear layers are taken between integers: each output channel of a weight has a scale of its
own, and so has each token (its largest activation), so that a vector never depends on what else stands in its batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.encoders.architectures import POOLINGS, Architecture, architecture, padding, setting

OPSET = 20
FUSED = "com.microsoft"
SMALL = 1024
"""Bytes up to which a constant is written into the graph itself; onnxruntime wants to see shapes and axes there."""
TOKENS = "tokens"
PRECISIONS = ("float32", "int8")
LEVELS, MIDDLE = 127, 128
"""Integers run from minus the first to the first; activations are stored with the second added, which is faster."""
ACTIVATIONS = {"gelu": "Gelu", "relu": "Relu", "gelu_new": "FastGelu", "gelu_pytorch_tanh": "FastGelu"}


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer after pooling: activation(x W^T + b)."""

    weight: NDArray[np.float32]
    """(out, in)."""
    bias: NDArray[np.float32] | None = None
    """(out,), or None."""
    activation: str = "Identity"
    """`Identity` or `Tanh`."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph and the weights it reads from outside."""

    model: onnx.ModelProto
    """Inputs int32 `input_ids`, `attention_mask` (batch, length); output float32 `vectors` (batch, width)."""
    arrays: dict[str, NDArray[Any]]
    """Weights that the session must be given by name and that must live as long as it does."""
    width: int


class _Builder:
    """Collects nodes and weights while the graph is written from input to output."""

    def __init__(self, weights: Mapping[str, np.ndarray], precision: str, hidden: int) -> None:
        self.weights = weights
        self.hidden = hidden
        self.precision = precision
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.arrays: dict[str, NDArray[Any]] = {}

    def node(self, kind: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        names = [name, *(f"{name}_{k}" for k in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, domain=domain, **attributes))
        return name

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.initializers)}"
        array = np.asarray(array, order="C")
        if array.nbytes <= SMALL:
            self.initializers.append(numpy_helper.from_array(array, name))
            return name
        self.arrays[name] = array
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        outside = TensorProto(name=name, data_type=kind, dims=array.shape)
        outside.data_location = TensorProto.EXTERNAL
        outside.external_data.add(key="location", value="given to the session")
        self.initializers.append(outside)
        return name

    def read(self, name: str, *shape: int) -> np.ndarray:
        """A tensor of a shape, in which 0 stands for any size but 0."""
        if name not in self.weights:
            raise InputError(f"the encoder's weights hold no tensor {name!r}; copy the model again")
        found = self.weights[name].shape
        if len(found) != len(shape) or any(
            not there or there != (want or there) for there, want in zip(found, shape, strict=True)
        ):
            raise InputError(
                f"the encoder's tensor {name!r} has the shape {found}, against its config; copy the model again"
            )
        return np.asarray(self.weights[name], dtype=np.float32)

    def vector(self, name: str, size: int | None = None) -> str:
        """A bias, or the scale or shift of a norm; by default as wide as the states."""
        return self.constant(self.read(name, size or self.hidden))

    def product(self, x: str, weight: NDArray[np.float32]) -> str:
        """Product of x (..., in) and the transpose of a weight (out, in), at the graph's precision."""
        if self.precision == "float32":
            return self.node("MatMul", x, self.constant(weight.T))
        out, width = weight.shape
        scale = np.maximum(np.abs(weight).max(axis=1), 1e-12) / LEVELS
        whole = np.rint(weight / scale[:, None]).astype(np.int8)
        tokens = self.node("Reshape", x, self.constant(np.array([-1, width])))
        top = self.node("ReduceMax", self.node("Abs", tokens), self.constant(np.array([-1])), keepdims=1)
        step = self.node("Max", self.node("Mul", top, self.number(1 / LEVELS)), self.number(1e-9))
        steps = self.node("Reshape", step, self.constant(np.array([-1])))
        middle = self.node("Add", self.node("Mul", steps, self.number(0)), self.number(MIDDLE))
        middles = self.node("Cast", middle, to=TensorProto.UINT8)
        rounded = self.node("QuantizeLinear", tokens, steps, middles, axis=0)
        settings = self.constant(scale), self.constant(np.array(MIDDLE, dtype=np.uint8))
        sums = self.node(
            "MatMulIntegerToFloat", rounded, self.constant(whole.T), self.number(1), *settings, domain=FUSED
        )
        ends = self.constant(np.array([0])), self.constant(np.array([2]))
        shape = self.node("Slice", self.node("Shape", x), *ends)
        wanted = self.node("Concat", shape, self.constant(np.array([out])), axis=0)
        return self.node("Reshape", self.node("Mul", sums, step), wanted)

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))


def _embed(b: _Builder, config: Mapping[str, Any], arch: Architecture, epsilon: float) -> str:
    """Token, position and segment embeddings, summed and normalised: (batch, length, hidden)."""
    words = b.read(f"{arch.embeddings}word_embeddings.weight", 0, b.hidden)
    looked_up = b.node("Gather", b.constant(words), "input_ids")
    table = b.read(f"{arch.embeddings}position_embeddings.weight", int(config["max_position_embeddings"]), b.hidden)
    if arch.segments:
        segments = b.read(f"{arch.embeddings}token_type_embeddings.weight", 0, b.hidden)
        table = table + segments[0]
    if arch.positions_after_padding:
        pad = padding(config)
        padded = b.node("Equal", "input_ids", b.constant(np.array(pad, dtype=np.int32)))
        real = b.node("Cast", b.node("Not", padded), to=TensorProto.INT64)
        count = b.node("CumSum", real, b.constant(np.array(1, dtype=np.int64)))
        positions = b.node("Add", b.node("Mul", count, real), b.constant(np.array(pad, dtype=np.int64)))
    else:
        length = b.node("Gather", b.node("Shape", "input_ids"), b.constant(np.array(1, dtype=np.int64)))
        zero, one = b.constant(np.array(0, dtype=np.int64)), b.constant(np.array(1, dtype=np.int64))
        positions = b.node("Range", zero, length, one)
    summed = b.node("Add", looked_up, b.node("Gather", b.constant(table), positions))
    norm = arch.embedding_norm
    scale, shift = b.vector(f"{norm}.weight"), b.vector(f"{norm}.bias")
    return b.node("LayerNormalization", summed, scale, shift, axis=-1, epsilon=epsilon)


def _add_norm(b: _Builder, x: str, skip: str, norm: str, bias: str, epsilon: float) -> str:
    """LayerNorm(x + bias + skip) in one operator."""
    scale, shift = b.vector(f"{norm}.weight"), b.vector(f"{norm}.bias")
    return b.node(
        "SkipLayerNormalization", x, skip, scale, shift, b.vector(f"{bias}.bias"), domain=FUSED, epsilon=epsilon
    )


def _attention(b: _Builder, x: str, projections: Sequence[str], heads: int) -> str:
    """Self-attention: the three projections in one product, then the fused operator that takes what it gives."""
    weight = np.concatenate([b.read(f"{p}.weight", b.hidden, b.hidden) for p in projections])
    bias = b.constant(np.concatenate([b.read(f"{p}.bias", b.hidden) for p in projections]))
    if b.precision == "float32":
        return b.node("Attention", x, b.constant(weight.T), bias, "attention_mask", domain=FUSED, num_heads=heads)
    query = b.node("Split", b.product(x, weight), outputs=3, axis=-1, num_outputs=3)
    parts = (query, f"{query}_1", f"{query}_2")
    return b.node("MultiHeadAttention", *parts, bias, "attention_mask", domain=FUSED, num_heads=heads)


def _layer(b: _Builder, x: str, prefix: str, arch: Architecture, heads: int, activation: str, epsilon: float) -> str:
    """One transformer layer: self-attention and feed-forward, each followed by add-and-normalise."""
    projections = [f"{prefix}{name}" for name in (arch.query, arch.key, arch.value)]
    attention = _attention(b, x, projections, heads)
    out = f"{prefix}{arch.attention_out}"
    attended = b.product(attention, b.read(f"{out}.weight", b.hidden, b.hidden))
    x = _add_norm(b, attended, x, f"{prefix}{arch.attention_norm}", out, epsilon)
    up, down = f"{prefix}{arch.up}", f"{prefix}{arch.down}"
    widening = b.read(f"{up}.weight", 0, b.hidden)
    inner = len(widening)
    hidden = b.product(x, widening)
    if activation == "Gelu":
        hidden = b.node("BiasGelu", hidden, b.vector(f"{up}.bias", inner), domain=FUSED)
    else:
        hidden = b.node("Add", hidden, b.vector(f"{up}.bias", inner))
        hidden = b.node(activation, hidden, domain=FUSED if activation == "FastGelu" else "")
    narrowed = b.product(hidden, b.read(f"{down}.weight", b.hidden, inner))
    return _add_norm(b, narrowed, x, f"{prefix}{arch.out_norm}", down, epsilon)


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


def _dense(b: _Builder, x: str, layer: Dense, width: int) -> str:
    out = layer.weight.shape[0] if layer.weight.ndim == 2 else 0
    if not out or layer.weight.shape[1] != width or (layer.bias is not None and layer.bias.shape != (out,)):
        raise InputError(
            f"a dense layer of shape {layer.weight.shape} does not fit vectors of {width} numbers; copy the model again"
        )
    x = b.node("MatMul", x, b.constant(np.asarray(layer.weight, dtype=np.float32).T))
    if layer.bias is not None:
        x = b.node("Add", x, b.constant(np.asarray(layer.bias, dtype=np.float32)))
    return b.node(check_choice(layer.activation, ("Identity", "Tanh"), "the activation of a dense layer"), x)


def clean_names(weights: Mapping[str, np.ndarray], kind: str) -> dict[str, np.ndarray]:
    """Names without the family's prefix and with today's spelling of the norms."""
    prefix = f"{kind.replace('xlm-', '').replace('camembert', 'roberta')}."
    spelling = {"LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias"}
    cleaned = {}
    for name, tensor in weights.items():
        name = name.removeprefix(prefix)
        for old, new in spelling.items():
            name = name.replace(old, new)
        cleaned[name] = tensor
    return cleaned


def build_graph(
    config: Mapping[str, Any],
    weights: Mapping[str, np.ndarray],
    *,
    pooling: str = "mean",
    dense: Sequence[Dense] = (),
    normalize: bool = True,
    precision: str = "float32",
) -> Graph:
    """Build the graph `(input_ids, attention_mask) -> vectors` of a BERT-family encoder.

    Args:
        config: The model's `config.json`; `model_type` is one of `ARCHITECTURES`.
        weights: Tensors by name, as in `model.safetensors`; an optional prefix such as `bert.` is removed.
        pooling: `mean`, `cls`, `max` or `mean_sqrt_len`; `tokens` for the vectors of single tokens (batch, length,
            hidden), as the last layer has them.
        dense: Layers after pooling, in order.
        normalize: Whether each vector is brought to Euclidean length 1, after all else.
        precision: `float32`, or `int8` for the products of the transformer's linear layers.

    Raises:
        InputError: The architecture, activation, pooling or position scheme is not one this builder knows.
    """
    check_choice(pooling, (*POOLINGS, TOKENS), "pooling")
    check_choice(precision, PRECISIONS, "precision")
    arch = architecture(config)
    if config.get("position_embedding_type", "absolute") != "absolute":
        kind = config["position_embedding_type"]
        raise InputError(f"position embeddings of type {kind!r} are not supported; take another encoder")
    activation = ACTIVATIONS[check_choice(str(setting(config, "hidden_act")), ACTIVATIONS, "the encoder's activation")]
    epsilon = float(config.get("layer_norm_eps", 1e-12))
    width = int(setting(config, "hidden_size"))
    b = _Builder(clean_names(weights, str(config.get("model_type", "bert"))), precision, width)
    x = _embed(b, config, arch, epsilon)
    heads = int(setting(config, "num_attention_heads"))
    for i in range(int(setting(config, "num_hidden_layers"))):
        x = _layer(b, x, arch.layer.format(i=i), arch, heads, activation, epsilon)
    if pooling != TOKENS:
        x = _pool(b, x, pooling)
        for layer in dense:
            x, width = _dense(b, x, layer, width), len(layer.weight)
        if normalize:
            x = b.node("LpNormalization", x, axis=-1, p=2)
    b.nodes.append(helper.make_node("Identity", [x], ["vectors"]))
    return Graph(_model(b, ["n", "l", width] if pooling == TOKENS else ["n", width]), b.arrays, width)


def _model(b: _Builder, shape: Sequence[str | int]) -> onnx.ModelProto:
    ids = [helper.make_tensor_value_info(n, TensorProto.INT32, ["n", "l"]) for n in ("input_ids", "attention_mask")]
    out = [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(b.nodes, "encoder", ids, out, initializer=b.initializers)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)
