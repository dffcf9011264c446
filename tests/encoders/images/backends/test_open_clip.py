"""open_clip: a small random model in the folder layout of the hub gives open_clip's vectors of images and texts."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torchvision", reason="torchvision is not installed")
open_clip = pytest.importorskip("open_clip", reason="open_clip is not installed")
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

import modicum  # noqa: E402
from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_encoder  # noqa: E402
from modicum.encoders.images.backends.open_clip import repository  # noqa: E402
from tests.encoders.images.backends.pictures import save_pictures  # noqa: E402

VISION = {"image_size": 32, "patch_size": 8, "width": 16, "layers": 2, "head_width": 8}
TEXT = {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
PIXELS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.25], "interpolation": "bicubic", "resize_mode": "shortest"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    config = {"embed_dim": 12, "vision_cfg": VISION, "text_cfg": TEXT}
    folder = tmp_path_factory.mktemp("open_clip")
    save_file(open_clip.model.CLIP(**config).state_dict(), folder / "open_clip_model.safetensors")
    said = {"model_cfg": config, "preprocess_cfg": PIXELS}
    (folder / "open_clip_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def theirs(folder):
    return open_clip.create_model_from_pretrained(f"local-dir:{folder}")


@pytest.fixture
def pictures(tmp_path):
    return save_pictures(tmp_path / "photos")


def test_vectors_are_those_of_open_clip(folder, theirs, pictures):
    model, transform = theirs
    with torch.inference_mode():
        images = torch.stack([transform(Image.open(file).convert("RGB")) for file in pictures])
        expected = model.encode_image(images, normalize=True).numpy()
    ours = load_encoder(f"open_clip:{folder}").encode(pictures)
    assert ours.shape == (len(pictures), 12)
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_names_are_embedded_as_captions(folder, theirs):
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(["a photo of a red.", "a photo of a sea lion."])
    with torch.inference_mode():
        expected = theirs[0].encode_text(tokens, normalize=True).numpy()
    tower = load_encoder(f"open_clip:{folder}").text_tower
    np.testing.assert_allclose(tower.encode(["red", "sea lion"]), expected, atol=1e-5)


def test_a_folder_of_photos_end_to_end(folder, pictures, tmp_path):
    table = modicum.read(tmp_path / "photos")
    result = modicum.fit(table, encoder=f"open_clip:{folder}", budget="5s")
    assert {"names", "linear"} <= {entry["name"] for entry in result.ladder if entry["status"] == "tried"}
    result.save(tmp_path / "bundle")
    np.testing.assert_array_equal(
        modicum.load(tmp_path / "bundle").predict(list(table.images)).codes, result.predictions.codes
    )


def test_text_towers_from_elsewhere_are_refused(folder, tmp_path):
    said = json.loads((folder / "open_clip_config.json").read_text())
    said["model_cfg"]["text_cfg"] = {"hf_model_name": "xlm-roberta-base"}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(said))
    (tmp_path / "open_clip_model.safetensors").write_bytes((folder / "open_clip_model.safetensors").read_bytes())
    with pytest.raises(InputError, match="its text tower is built from 'xlm-roberta-base', which is not in the folder"):
        load_encoder(f"open_clip:{tmp_path}").encode([])


def test_repositories():
    assert repository("ViT-B-32/laion2b_s34b_b79k") == "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
    assert repository("laion/CLIP-ViT-L-14") == "laion/CLIP-ViT-L-14"
    with pytest.raises(InputError, match="open_clip has no weights named 'ViT-B-32/laion'; did you mean 'ViT-B-32"):
        repository("ViT-B-32/laion")
    with pytest.raises(InputError, match="open_clip has no weights named 'ViT-B-32'; did you mean 'ViT-B-32/"):
        repository("ViT-B-32")
