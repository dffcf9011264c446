"""timm: a small random ViT, saved as timm saves it for the hub, gives the vectors that timm gives."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("torchvision", reason="torchvision is not installed")
timm = pytest.importorskip("timm", reason="timm is not installed")
import torch  # noqa: E402
from PIL import Image  # noqa: E402
from timm.models import save_for_hf  # noqa: E402

import modicum  # noqa: E402
from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_encoder  # noqa: E402
from modicum.encoders.images.backends.timm import repository  # noqa: E402
from tests.encoders.images.backends.pictures import save_pictures  # noqa: E402

SIDE, WIDTH = 32, 16
SIZES = {"img_size": SIDE, "patch_size": 8, "embed_dim": WIDTH, "depth": 2, "num_heads": 2}
PIXELS = {"input_size": (3, SIDE, SIDE), "crop_pct": 0.9, "interpolation": "bicubic", "mean": (0.5, 0.4, 0.3)}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = timm.create_model("vit_tiny_patch16_224", num_classes=3, **SIZES).eval()
    made.pretrained_cfg = dict(made.pretrained_cfg) | PIXELS
    return made


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("timm") / "vit"
    save_for_hf(model, folder, model_args=SIZES, safe_serialization=True)
    return folder


@pytest.fixture
def pictures(tmp_path):
    return save_pictures(tmp_path / "photos")


def test_vectors_are_those_of_timm(model, folder, pictures):
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model), is_training=False)
    batch = torch.stack([transform(Image.open(file).convert("RGB")) for file in pictures])
    with torch.inference_mode():
        theirs = model.forward_head(model.forward_features(batch), pre_logits=True).numpy()
    ours = load_encoder(f"timm:{folder}").encode(pictures)
    assert ours.shape == (len(pictures), WIDTH)
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs, axis=1, keepdims=True), atol=1e-5)


def test_a_folder_of_photos_end_to_end(folder, pictures, tmp_path):
    """Vectors of a random model still tell colours apart; without a text tower the names say nothing."""
    table = modicum.read(tmp_path / "photos")
    result = modicum.fit(table, encoder=f"timm:{folder}", budget="5s")
    result.save(tmp_path / "bundle")
    answers = modicum.load(tmp_path / "bundle").predict(pictures)
    right = [result.bundle.classes[code] in file for code, file in zip(answers.codes, pictures, strict=True)]
    assert np.mean(right) > 0.9
    assert load_encoder(f"timm:{folder}").text_tower is None


def test_what_it_cannot_load(folder, tmp_path):
    said = json.loads((folder / "config.json").read_text())
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps(said | {"architecture": "vit_of_mars"}))
    (broken / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"broken cannot be loaded as a model of timm .*vit_of_mars"):
        load_encoder(f"timm:{broken}").encode([])
    (broken / "config.json").write_text(json.dumps(said))
    (broken / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(InputError, match="broken cannot be loaded as a model of timm"):
        load_encoder(f"timm:{broken}").encode([])


def test_repositories():
    assert repository("vit_small_patch14_dinov2.lvd142m") == "timm/vit_small_patch14_dinov2.lvd142m"
    assert repository("mine/vit") == "mine/vit"
    assert repository("resnet50").startswith("timm/resnet50.")
    with pytest.raises(InputError, match="timm has no weights named 'resnet51'; did you mean 'resnet"):
        repository("resnet51")
    with pytest.raises(InputError, match=r"timm has no weights named 'resnet50\.mine'; did you mean 'resnet50\."):
        repository("resnet50.mine")
