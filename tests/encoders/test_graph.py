"""The graph of BERT-family encoders: parity with transformers, padding, poolings, error wording."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest

from modicum.core import InputError
from modicum.encoders.graph import Dense, build_graph

IDS = [[2, 4, 6, 7, 8, 3, 12], [2, 13, 12, 3, 0, 0, 0]]
MASK = [[1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0, 0]]

# First four values of both rows: transformers 5.23.0 and torch 2.13.0 given tiny.config(kind) and tiny.weights(kind),
# then Pooling of sentence-transformers 6.2.0; padding ids of RoBERTa are 1.
EXPECTED = {
    ("bert", "mean"): [[0.154454, -2.457122, -1.383363, 0.536841], [-0.571011, -2.479208, -1.432979, 0.777828]],
    ("bert", "cls"): [[0.086267, -2.43808, -1.31798, 0.493649], [-0.598316, -2.444635, -1.45202, 0.712539]],
    ("bert", "max"): [[0.290909, -2.361299, -1.317938, 0.604479], [-0.518489, -2.444635, -1.401533, 0.844744]],
    ("bert", "mean_sqrt_len"): [
        [0.408648, -6.500935, -3.660035, 1.420347],
        [-1.142022, -4.958415, -2.865959, 1.555656],
    ],
    ("roberta", "mean"): [[-0.318323, -2.492897, -1.635888, 0.762122], [0.114363, -2.41081, -1.198295, 0.53209]],
    ("roberta", "cls"): [[-0.022532, -2.608979, -1.293612, 0.41375], [-0.057389, -2.433359, -1.187352, 0.495657]],
    ("roberta", "max"): [[-0.022532, -2.395276, -1.293612, 0.947544], [0.244316, -2.372772, -1.177691, 0.624794]],
    ("distilbert", "mean"): [[1.621987, 0.578307, 0.9236, -0.478389], [1.323751, 1.03945, 0.755254, 0.15585]],
    ("distilbert", "cls"): [[1.606099, 0.377598, 0.290592, -0.130441], [1.320124, 1.022918, 0.566478, 0.165017]],
    ("distilbert", "max"): [[1.840958, 0.803674, 1.686303, 0.21676], [1.402903, 1.231107, 1.162698, 0.248049]],
}


def run(graph, ids=IDS, mask=MASK):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in graph.arrays.values()]
    options.add_external_initializers(list(graph.arrays), values)
    session = ort.InferenceSession(graph.model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {"input_ids": np.array(ids, np.int32), "attention_mask": np.array(mask, np.int32)}
    return session.run(None, feeds)[0]


@pytest.mark.parametrize(("kind", "pooling"), EXPECTED)
def test_parity_with_transformers(tiny, kind, pooling):
    graph = build_graph(tiny.config(kind), tiny.weights(kind), pooling=pooling, normalize=False)
    ids = np.where(np.array(MASK) == 0, 1, IDS) if kind == "roberta" else IDS
    np.testing.assert_allclose(run(graph, ids)[:, :4], EXPECTED[kind, pooling], atol=2e-5)


def test_a_padding_token_within_a_text_keeps_the_padding_position(tiny):
    """RoBERTa counts positions by token ids, not by the mask; values from transformers 5.23.0."""
    graph = build_graph(tiny.config("roberta"), tiny.weights("roberta"), normalize=False)
    expected = [[0.350881, -2.057581, -1.287491, 0.387019]]
    np.testing.assert_allclose(run(graph, [[2, 4, 1, 6, 1, 7, 3]], [[1] * 7])[:, :4], expected, atol=2e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_padding_changes_nothing(tiny, kind):
    graph = build_graph(tiny.config(kind), tiny.weights(kind))
    pad = tiny.config(kind)["pad_token_id"]
    alone = run(graph, [[2, 13, 12, 3]], [[1, 1, 1, 1]])
    padded = run(graph, [[2, 13, 12, 3] + [pad] * 20], [[1] * 4 + [0] * 20])
    np.testing.assert_allclose(alone, padded, atol=1e-6)
    assert np.linalg.norm(alone) == pytest.approx(1, abs=1e-6)


def test_dense_layers_come_after_pooling_and_before_length_one(tiny):
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(5, tiny.WIDTH)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    plain = run(build_graph(tiny.config("bert"), tiny.weights("bert"), normalize=False))
    graph = build_graph(tiny.config("bert"), tiny.weights("bert"), dense=[Dense(W, b, "Tanh"), Dense(W[:, :5])])
    expected = np.tanh(plain @ W.T + b) @ W[:, :5].T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert graph.width == 5
    np.testing.assert_allclose(run(graph), expected, atol=1e-5)


def test_prefixes_old_spellings_and_half_precision_are_read(tiny):
    weights = tiny.weights("bert")
    renamed = {
        "bert."
        + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in weights.items()
    }
    same = run(build_graph(tiny.config("bert"), renamed))
    halved = run(build_graph(tiny.config("bert"), {name: t.astype(np.float16) for name, t in weights.items()}))
    expected = run(build_graph(tiny.config("bert"), weights))
    assert np.array_equal(same, expected)
    np.testing.assert_allclose(halved, expected, atol=5e-3)


def test_errors_name_what_is_wrong(tiny):
    config, weights = tiny.config("bert"), tiny.weights("bert")
    with pytest.raises(InputError, match=r"encoders of type 'mpnet' are not supported; known types: bert, camembert"):
        build_graph(config | {"model_type": "mpnet"}, weights)
    with pytest.raises(InputError, match="the encoder's activation 'swish' is not known; there are: 'gelu'"):
        build_graph(config | {"hidden_act": "swish"}, weights)
    with pytest.raises(InputError, match="position embeddings of type 'relative_key' are not supported"):
        build_graph(config | {"position_embedding_type": "relative_key"}, weights)
    with pytest.raises(InputError, match="pooling 'means' is not known; did you mean 'mean'"):
        build_graph(config, weights, pooling="means")
    with pytest.raises(InputError, match=r"config.json lacks 'num_hidden_layers'"):
        build_graph({k: v for k, v in config.items() if k != "num_hidden_layers"}, weights)
    del weights["embeddings.LayerNorm.bias"]
    with pytest.raises(InputError, match=r"hold no tensor 'embeddings.LayerNorm.bias'"):
        build_graph(config, weights)
