"""The encoder in torch beside the same encoder without torch."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.adapt import LoRA, adapt, fold  # noqa: E402
from modicum.weights.encoder import Batch, read_module, write_folder  # noqa: E402
from tests.encoders import tiny  # noqa: E402

TEXTS = ["", "my card is lost", "where is my new card ? where is the pin ? lost", "the"]


def vectors(module, encoder):
    with torch.no_grad():
        return module.eval()(Batch.of(encoder.tokenize(TEXTS), module.pad)).numpy()


def plain(folder, pooling="mean"):
    """A folder with pooling, without dense layers."""
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{pooling}_tokens": True}))
    listed = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path} for kind, path in listed]
    (folder / "modules.json").write_text(json.dumps(modules))
    return load_folder(folder, threads=1)


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_it_gives_the_vectors_of_the_graph(kind, tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / kind, kind), threads=1)
    np.testing.assert_allclose(vectors(read_module(encoder), encoder), encoder.encode(TEXTS), atol=2e-6)


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "mean_sqrt_len"])
def test_it_pools_as_the_graph_does(pooling, tmp_path):
    folder = tiny.save_transformer(tmp_path / "bert", "bert")
    name = {"cls": "cls_token", "mean_sqrt_len": "mean_sqrt_len_tokens"}.get(pooling, f"{pooling}_tokens")
    encoder = plain(folder, name.removesuffix("_tokens"))
    if pooling == "cls":
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
        encoder = load_folder(folder, threads=1)
    found = vectors(read_module(encoder), encoder)
    np.testing.assert_allclose(found, encoder.encode(TEXTS), atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_what_is_written_runs_without_torch(tmp_path):
    encoder = plain(tiny.save_transformer(tmp_path / "bert", "bert"))
    adapted = adapt(read_module(encoder), LoRA(rank=2, alpha=1), "query|value")
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.normal_(std=0.3)
    found = load_folder(write_folder(tmp_path / "tuned", encoder, fold(adapted)), threads=1)
    np.testing.assert_allclose(found.encode(TEXTS), vectors(adapted, encoder), atol=5e-6)
    assert np.abs(found.encode(TEXTS) - encoder.encode(TEXTS)).max() > 1e-3
    assert found.fingerprint != encoder.fingerprint
    assert found.layout.pooling == encoder.layout.pooling


def test_untouched_it_is_written_as_it_was(tmp_path):
    encoder = plain(tiny.save_transformer(tmp_path / "bert", "bert"))
    again = load_folder(write_folder(tmp_path / "same", encoder, read_module(encoder)), threads=1)
    np.testing.assert_array_equal(again.encode(TEXTS), encoder.encode(TEXTS))


def test_dropout_is_for_training_alone(tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / "bert", "bert"), threads=1)
    module = read_module(encoder, dropout=0.5)
    batch = Batch.of(encoder.tokenize(TEXTS), module.pad)
    module.train()
    assert not torch.equal(module(batch), module(batch))
    module.eval()
    assert torch.equal(module(batch), module(batch))


def test_dense_layers_are_refused(tmp_path):
    encoder = load_folder(tiny.save_sentence_encoder(tmp_path / "dense"), threads=1)
    with pytest.raises(InputError, match="dense layers after pooling; such encoders cannot be tuned"):
        read_module(encoder)


def test_a_missing_tensor_is_named(tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / "bert", "bert"), threads=1)
    encoder.layout.config["num_hidden_layers"] = 3
    with pytest.raises(InputError, match=r"hold no tensor 'encoder\.layer\.2"):
        read_module(encoder)
