"""Names and folders to encoders: what is looked for where, and how it is told that something lacks."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

from modicum.core import InputError
from modicum.encoders import HashedEncoder, encode, load_encoder, resolve
from modicum.encoders.images import LIBRARIES, ImageEncoder, is_image_name, load_image_encoder
from modicum.encoders.sources import Cached, Hub


@pytest.fixture(autouse=True)
def libraries(fake, monkeypatch):
    for library in LIBRARIES:
        fake.install(monkeypatch, library)


@pytest.mark.parametrize("name", ["timm:resnet50", "open_clip:ViT-B-32/openai", "hf:google/vit", "timm:"])
def test_names_of_images_begin_with_their_library(name):
    assert is_image_name(name)
    assert not any(map(is_image_name, ["resnet50", "google/vit", "timm", "C:\\weights", "jax:resnet50", None]))


class TestFolders:
    @pytest.mark.parametrize("library", LIBRARIES)
    def test_by_library_and_folder(self, fake, tmp_path, library):
        folder = fake.save_weights(tmp_path / "mine", library)
        found = load_encoder(f"{library}:{folder}")
        assert isinstance(found, ImageEncoder)
        assert found.name == f"{library}:{folder}"
        assert found.dimension == 3

    def test_a_relative_folder_is_told_in_full(self, fake, tmp_path, monkeypatch):
        folder = fake.save_weights(tmp_path / "mine")
        monkeypatch.chdir(tmp_path)
        assert load_encoder("timm:mine").name == f"timm:{folder}"

    def test_a_bare_folder_tells_its_library(self, fake, tmp_path):
        folder = fake.save_weights(tmp_path / "a")
        assert resolve(folder, [], images=True).name == f"timm:{folder}"
        (folder / "config.json").write_text('{"model_type": "vit"}')
        assert resolve(str(folder), [], images=True).name == f"hf:{folder}"
        other = fake.save_weights(tmp_path / "b", "open_clip")
        (other / "open_clip_config.json").write_text("{}")
        assert resolve(str(other), [], images=True).name == f"open_clip:{other}"

    def test_the_fingerprint_covers_weights_settings_and_library(self, fake, tmp_path):
        def fingerprint(library="timm", **files):
            folder = fake.save_weights(tmp_path / f"{len(list(tmp_path.iterdir()))}", library)
            for name, text in files.items():
                (folder / name.replace("__", ".")).write_text(text)
            return load_encoder(f"{library}:{folder}").fingerprint

        same = {fingerprint(), fingerprint(), fingerprint(README__md="hello")}
        others = {fingerprint(config__json="{}"), fingerprint(model__safetensors="x"), fingerprint("hf")}
        assert len(same) == 1
        assert len(same | others) == 4

    def test_weights_must_be_safetensors(self, weights):
        (weights / "model.safetensors").rename(weights / "pytorch_model.bin")
        with pytest.raises(InputError, match=r"holds no model\.safetensors; weights are read as safetensors only"):
            load_encoder(f"timm:{weights}")

    def test_a_folder_that_the_library_cannot_load(self, weights, monkeypatch):
        def load(folder, threads):
            raise KeyError("no such layer")

        monkeypatch.setitem(sys.modules, LIBRARIES["timm"].module, SimpleNamespace(load=load))
        with pytest.raises(InputError, match=r"weights cannot be loaded as a model of timm \('no such layer'\)"):
            load_encoder(f"timm:{weights}").encode([])

    def test_a_folder_of_something_else(self, tmp_path):
        with pytest.raises(InputError, match=r"holds no config\.json that can be read; give a folder of weights"):
            resolve(tmp_path, [], images=True)


class TestNames:
    def test_the_hub_is_asked_for_settings_and_safetensors_alone(self, weights):
        asked = {}

        def download(repository, **settings):
            asked.update(settings, repository=repository)
            return str(weights)

        found = load_encoder("timm:timm/resnet50.a1_in1k", sources=[Hub(download=download)])
        assert found.name == "timm:timm/resnet50.a1_in1k"
        assert asked["repository"] == "timm/resnet50.a1_in1k"
        assert asked["allow_patterns"] == ["*.json", "*.txt", "*.model", "model.safetensors"]

    def test_the_cache_folder_comes_first(self, fake, tmp_path):
        folder = fake.save_weights(tmp_path / "encoders" / "hf--google--vit", "hf")
        found = load_encoder("hf:google/vit", sources=[Cached(tmp_path), Hub(download=None, offline=True)])
        assert found.name == "hf:google/vit"
        assert found.fingerprint == load_encoder(f"hf:{folder}").fingerprint

    def test_what_no_place_has(self):
        with pytest.raises(
            InputError, match=r"encoder 'hf:google/vit' was not found \(cached: .*hub: .*folder of weights"
        ):
            load_encoder("hf:google/vit")

    @pytest.mark.parametrize("name", ["hf:vit", "timm:a/b/c", "open_clip:../no such", "hf:/no/such/folder"])
    def test_what_can_be_no_name(self, name):
        with pytest.raises(InputError, match=f"'{re.escape(name)}' is neither a folder nor a name; write it like timm"):
            load_encoder(name)

    def test_an_empty_name(self):
        with pytest.raises(InputError, match="'timm:' names no model; write it like timm:NAME"):
            load_encoder("timm:")


class TestLibrariesThatLack:
    def test_the_extra_is_named(self, weights, monkeypatch):
        monkeypatch.setitem(sys.modules, LIBRARIES["timm"].module, None)
        found = load_image_encoder(f"timm:{weights}", find=None)
        with pytest.raises(InputError, match=r"timm: need packages .*pip install 'modicum\[images\]'"):
            found.encode([])
        with pytest.raises(InputError, match=r"timm: need packages .*pip install 'modicum\[images\]'"):
            load_encoder("timm:resnet50")

    def test_builds_that_do_not_belong_together(self, weights, monkeypatch):
        def broken(name):
            raise RuntimeError("operator torchvision::nms does not exist")

        monkeypatch.setattr("importlib.import_module", broken)
        with pytest.raises(
            InputError,
            match=r"do not fit together \(operator torchvision::nms does not exist\); install them with",
        ):
            load_encoder("timm:resnet50")


class TestKinds:
    """Encoders of texts are for texts, those of images for images."""

    def test_images_need_an_encoder(self):
        with pytest.raises(InputError, match="images need an encoder of images; name one with --encoder: timm:NAME"):
            resolve(None, ["a.jpg"], images=True)
        with pytest.raises(InputError, match="'resnet50' is not one of images; write it like timm:NAME"):
            resolve("resnet50", ["a.jpg"], images=True)

    def test_text_encoders_refuse_images(self):
        with pytest.raises(InputError, match="'hashed' is one of texts; name one of images with --encoder"):
            resolve(HashedEncoder.fit(["a b", "c d"]), ["a.jpg"], images=True)

    def test_image_encoders_refuse_texts(self, weights):
        for encoder in (f"timm:{weights}", load_encoder(f"timm:{weights}")):
            with pytest.raises(InputError, match="is one of images; name the column of image files with --image"):
                resolve(encoder, ["hello"])

    def test_modes_are_for_texts(self, weights):
        with pytest.raises(InputError, match="encoder mode 'fast' is for texts; encoders of images know but 'exact'"):
            resolve(f"timm:{weights}", [], mode="fast", images=True)
        with pytest.raises(InputError, match="encoder mode 'quick' is not known"):
            load_encoder(f"timm:{weights}", mode="quick")

    def test_one_name_is_not_a_list(self, weights):
        with pytest.raises(InputError, match="must be a list"):
            encode("a.jpg", f"timm:{weights}")
