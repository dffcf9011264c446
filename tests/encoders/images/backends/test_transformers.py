"""transformers: small random models of several kinds give the vectors that transformers gives."""

from __future__ import annotations

import json

import numpy as np
import pytest

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("torch", reason="torch is not installed")
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from tokenizers.models import WordLevel  # noqa: E402
from tokenizers.pre_tokenizers import Whitespace  # noqa: E402

import modicum  # noqa: E402
from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_encoder  # noqa: E402
from tests.encoders.images.backends.pictures import save_pictures  # noqa: E402

SIDE, WIDTH = 32, 16
TOWER = {"hidden_size": WIDTH, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
GRID = {"image_size": SIDE, "patch_size": 8}
WORDS = ["[PAD]", "[UNK]", "[EOS]", "[BOS]", "a", "photo", "of", "red", "green", "blue", "."]


def save(model, folder, processor):
    """A folder as the hub has it: settings, weights, settings of pixels."""
    model.save_pretrained(folder)
    side = {"height": SIDE, "width": SIDE}
    said = {"image_processor_type": processor, "size": side, "crop_size": side, "do_center_crop": False}
    said |= {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.3, 0.2, 0.25]}
    (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def save_tokenizer(folder):
    made = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", eos_token="[EOS]", unk_token="[UNK]"
    ).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def pictures(tmp_path):
    return save_pictures(tmp_path / "photos")


@pytest.fixture
def clip(tmp_path):
    text = TOWER | {"vocab_size": len(WORDS), "max_position_embeddings": 12}
    text |= {"pad_token_id": 0, "eos_token_id": 2, "bos_token_id": 3}
    config = transformers.CLIPConfig(text_config=text, vision_config=TOWER | GRID, projection_dim=12)
    return save_tokenizer(save(transformers.CLIPModel(config), tmp_path / "clip", "CLIPImageProcessor"))


@pytest.fixture
def siglip(tmp_path):
    text = TOWER | {"vocab_size": len(WORDS), "max_position_embeddings": 12, "pad_token_id": 0}
    config = transformers.SiglipConfig(text_config=text, vision_config=TOWER | GRID)
    return save_tokenizer(save(transformers.SiglipModel(config), tmp_path / "siglip", "SiglipImageProcessor"))


def pixels(folder, files):
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    return processor([Image.open(file).convert("RGB") for file in files], return_tensors="pt")["pixel_values"]


def unit(vectors):
    found = vectors.detach().numpy()
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_images_and_names_share_a_space(kind, request, pictures):
    folder = request.getfixturevalue(kind)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    encoder = load_encoder(f"hf:{folder}")
    expected = model.get_image_features(pixel_values=pixels(folder, pictures)).pooler_output
    np.testing.assert_allclose(encoder.encode(pictures), unit(expected), atol=1e-5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    captions = [tokenizer([f"a photo of a {name}."], padding="max_length", max_length=12) for name in ("red", "blue")]
    told = [
        {key: torch.tensor(value)[:, : 12 if kind == "siglip" else 6] for key, value in each.items()}
        for each in captions
    ]
    expected = torch.cat([model.get_text_features(**each).pooler_output for each in told])
    np.testing.assert_allclose(encoder.text_tower.encode(["red", "blue"]), unit(expected), atol=1e-5)


class TestImagesAlone:
    def test_a_vit_gives_its_first_token_whatever_its_head(self, tmp_path, pictures):
        """A classifier's checkpoint lacks the pooler, whose random stand-in must not get into the vectors."""
        config = transformers.ViTConfig(**TOWER, **GRID)
        whole = save(transformers.ViTModel(config), tmp_path / "a", "ViTImageProcessor")
        model = transformers.ViTModel.from_pretrained(whole).eval()
        expected = unit(model(pixel_values=pixels(whole, pictures)).last_hidden_state[:, 0])
        np.testing.assert_allclose(load_encoder(f"hf:{whole}").encode(pictures), expected, atol=1e-5)
        classifier = transformers.ViTForImageClassification(config)
        classifier.vit.load_state_dict(model.state_dict(), strict=False)
        headed = save(classifier, tmp_path / "b", "ViTImageProcessor")
        np.testing.assert_allclose(load_encoder(f"hf:{headed}").encode(pictures), expected, atol=1e-5)

    def test_others_give_what_they_pool(self, tmp_path, pictures):
        sizes = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2, "embedding_size": 8, "layer_type": "basic"}
        model = transformers.ResNetModel(transformers.ResNetConfig(**sizes)).eval()
        folder = save(model, tmp_path / "resnet", "ViTImageProcessor")
        expected = unit(model(pixel_values=pixels(folder, pictures)).pooler_output.flatten(1))
        encoder = load_encoder(f"hf:{folder}")
        np.testing.assert_allclose(encoder.encode(pictures), expected, atol=1e-5)
        assert encoder.text_tower is None

    def test_shapes_that_the_processor_keeps(self, tmp_path):
        sizes = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2, "embedding_size": 8, "layer_type": "basic"}
        folder = save(transformers.ResNetModel(transformers.ResNetConfig(**sizes)), tmp_path / "r", "ViTImageProcessor")
        said = json.loads((folder / "preprocessor_config.json").read_text()) | {"do_resize": False}
        (folder / "preprocessor_config.json").write_text(json.dumps(said))
        wide, tall = save_pictures(tmp_path / "a", 1), save_pictures(tmp_path / "b", 1, size=(40, 64))
        encoder = load_encoder(f"hf:{folder}")
        together = encoder.encode([*wide, *tall])
        np.testing.assert_allclose(together, np.concatenate([encoder.encode(wide), encoder.encode(tall)]), atol=1e-5)


def test_a_folder_of_photos_end_to_end(clip, pictures, tmp_path):
    table = modicum.read(tmp_path / "photos")
    result = modicum.fit(table, encoder=f"hf:{clip}", budget="5s")
    assert {"names", "linear"} <= {entry["name"] for entry in result.ladder if entry["status"] == "tried"}
    result.save(tmp_path / "bundle")
    bundle = modicum.load(tmp_path / "bundle")
    np.testing.assert_array_equal(bundle.predict(list(table.images)).codes, result.predictions.codes)
    weights = load_file(clip / "model.safetensors")
    save_file({name: 2 * tensor for name, tensor in weights.items()}, clip / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"the bundle was made with encoder hf:.*; install the same weights"):
        bundle.predict(list(table.images))


class TestRefusals:
    def test_weights_that_lack(self, clip):
        weights = load_file(clip / "model.safetensors")
        del weights["visual_projection.weight"]
        save_file(weights, clip / "model.safetensors", {"format": "pt"})
        with pytest.raises(InputError, match=r"clip lacks the weights 'visual_projection\.weight'"):
            load_encoder(f"hf:{clip}").encode([])

    def test_a_model_of_texts(self, tmp_path):
        config = transformers.BertConfig(**TOWER, vocab_size=20, max_position_embeddings=8)
        transformers.BertModel(config).save_pretrained(tmp_path / "bert")
        with pytest.raises(InputError, match="bert cannot be loaded as a model of hf"):
            load_encoder(f"hf:{tmp_path / 'bert'}").encode([])

    def test_pickles_are_not_read(self, clip):
        torch.save(load_file(clip / "model.safetensors"), clip / "pytorch_model.bin")
        (clip / "model.safetensors").unlink()
        with pytest.raises(InputError, match="weights are read as safetensors only"):
            load_encoder(f"hf:{clip}")


def test_the_library_is_left_as_talkative_as_it_was(clip):
    before = transformers.utils.logging.get_verbosity(), transformers.utils.logging.is_progress_bar_enabled()
    load_encoder(f"hf:{clip}").encode([])
    assert (transformers.utils.logging.get_verbosity(), transformers.utils.logging.is_progress_bar_enabled()) == before
