"""Tiny encoders with random weights, made from names alone, so that any library can be given the same ones."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

WIDTH, INNER, LAYERS, HEADS, POSITIONS = 16, 24, 2, 4, 40
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "a", "card", "is", "lost", "where", "my", "##s", "pin", "new", "?"]
VOCABULARY = len(WORDS)
ACTIVATION = {"bert": "gelu", "roberta": "gelu_new", "distilbert": "relu"}


def config(kind):
    shared = {"model_type": kind, "vocab_size": VOCABULARY, "max_position_embeddings": POSITIONS}
    if kind == "distilbert":
        own = {"dim": WIDTH, "hidden_dim": INNER, "n_layers": LAYERS, "n_heads": HEADS, "activation": "relu"}
        return shared | own | {"pad_token_id": 0}
    return shared | {
        "hidden_size": WIDTH,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "hidden_act": ACTIVATION[kind],
        "type_vocab_size": 1 if kind == "roberta" else 2,
        "layer_norm_eps": 1e-5 if kind == "roberta" else 1e-12,
        "pad_token_id": 1 if kind == "roberta" else 0,
    }


def _shapes(kind):
    distil = kind == "distilbert"
    yield "embeddings.word_embeddings.weight", (VOCABULARY, WIDTH)
    yield "embeddings.position_embeddings.weight", (POSITIONS, WIDTH)
    if not distil:
        yield "embeddings.token_type_embeddings.weight", (1 if kind == "roberta" else 2, WIDTH)
    linear = [("attention.self.query", WIDTH, WIDTH), ("attention.self.key", WIDTH, WIDTH)]
    linear += [("attention.self.value", WIDTH, WIDTH), ("attention.output.dense", WIDTH, WIDTH)]
    linear += [("intermediate.dense", INNER, WIDTH), ("output.dense", WIDTH, INNER)]
    norms, prefix = ["attention.output.LayerNorm", "output.LayerNorm"], "encoder.layer"
    if distil:
        names = ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "ffn.lin1", "ffn.lin2"]
        linear = [(name, out, into) for name, (_, out, into) in zip(names, linear, strict=True)]
        norms, prefix = ["sa_layer_norm", "output_layer_norm"], "transformer.layer"
    everywhere = ["embeddings.LayerNorm"] + [f"{prefix}.{i}.{norm}" for i in range(LAYERS) for norm in norms]
    for name in everywhere:
        yield f"{name}.weight", (WIDTH,)
        yield f"{name}.bias", (WIDTH,)
    for i in range(LAYERS):
        for name, out, into in linear:
            yield f"{prefix}.{i}.{name}.weight", (out, into)
            yield f"{prefix}.{i}.{name}.bias", (out,)


def random(name, shape):
    """Values that depend on the tensor's name alone; norms' scales lie around 1."""
    values = np.random.default_rng(zlib.crc32(name.encode())).normal(scale=0.4, size=shape).astype(np.float32)
    return values + 1 if name.lower().endswith("norm.weight") else values


def weights(kind):
    return {name: random(name, shape) for name, shape in _shapes(kind)}


def tokenizer():
    made = Tokenizer(WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = BertNormalizer(lowercase=False)
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    # Settings of this kind are found in published files and must not be believed.
    made.enable_truncation(5)
    made.enable_padding(length=9)
    return made


def write_json(file, said):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(said), "utf-8")


def save_transformer(folder, kind="bert"):
    """A plain transformers folder."""
    folder = Path(folder)
    write_json(folder / "config.json", config(kind))
    save_file(weights(kind), folder / "model.safetensors")
    tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def save_sentence_encoder(folder):
    """A sentence-transformers folder: mean pooling, a dense layer with tanh, length 1, lowercased, at most 8 tokens."""
    folder = save_transformer(folder)
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize")]
    listed = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(kinds)
    ]
    write_json(folder / "modules.json", listed)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 8, "do_lower_case": True})
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": WIDTH, "pooling_mode_mean_tokens": True})
    said = {"in_features": WIDTH, "out_features": 6, "bias": True}
    write_json(folder / "2_Dense/config.json", said | {"activation_function": "torch.nn.modules.activation.Tanh"})
    shapes = {"linear.weight": (6, WIDTH), "linear.bias": (6,)}
    save_file({name: random(name, shape) for name, shape in shapes.items()}, folder / "2_Dense/model.safetensors")
    return folder
