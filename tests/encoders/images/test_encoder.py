"""Image encoders without a library: order, batches, memory, cache by content, text tower."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import Encoder, InputError
from modicum.core.records import ImageFile
from modicum.encoders import encode, encoding
from modicum.encoders.images import ImageEncoder, TextTower, file_digests
from modicum.encoders.images.encoder import BATCH, PROMPT


class Numbers:
    """A backend of numbers: file `n` holds the vector (1, n); it counts what is held at the same time."""

    dimension = 2
    has_text_tower = False

    def __init__(self):
        self.held = self.most = 0
        self.lock = threading.Lock()

    def prepare(self, file):
        with self.lock:
            self.held += 1
            self.most = max(self.most, self.held)
        return float(file)

    def embed(self, prepared):
        self.held -= len(prepared)
        return np.array([[1, n] for n in prepared], dtype=np.float32)


@given(numbers=st.lists(st.integers(0, 1000), max_size=100), threads=st.integers(1, 4))
def test_vectors_have_length_one_and_the_order_of_the_files(numbers, threads):
    encoder = ImageEncoder("numbers", "f", Numbers, threads)
    vectors = encoder.encode([str(n) for n in numbers])
    expected = np.array([[1, n] for n in numbers], dtype=float).reshape(-1, 2)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors * np.hypot(1, expected[:, 1:]), expected, atol=1e-3)


def test_a_batch_at_a_time_is_held():
    encoder, told = ImageEncoder("numbers", "f", Numbers), []
    encoder.encode([str(n) for n in range(3 * BATCH + 1)], lambda *step: told.append(step))
    assert encoder.backend.most == BATCH
    assert told[0] == ("encode", BATCH, 3 * BATCH + 1)
    assert told[-1] == ("encode", 3 * BATCH + 1, 3 * BATCH + 1)


def test_the_model_is_loaded_when_it_is_needed_and_once():
    loaded = []
    encoder = ImageEncoder("numbers", "f", lambda: loaded.append(1) or Numbers())
    assert (encoder.name, encoder.fingerprint, loaded) == ("numbers", "f", [])
    assert encoder.dimension == 2
    encoder.encode(["1"])
    assert loaded == [1]
    assert isinstance(encoder, Encoder)
    with pytest.raises(InputError, match="threads must be at least 1, not 0"):
        ImageEncoder("numbers", "f", Numbers, threads=0)


class TestCache:
    @pytest.fixture
    def asked(self, fake, monkeypatch):
        return fake.install(monkeypatch)

    def test_an_image_is_encoded_once_whatever_its_name(self, asked, weights, photos):
        files = sorted(photos.rglob("*.ppm"))
        first = encode(files, f"timm:{weights}")
        assert sorted(asked) == sorted(map(str, files))
        for n, file in enumerate(files):
            file.rename(photos / f"renamed {n}.ppm")
        again = encode([photos / f"renamed {n}.ppm" for n in range(len(files))], f"timm:{weights}")
        np.testing.assert_array_equal(first, again)
        assert not again.flags.writeable  # mapped from the cache
        assert len(asked) == len(files)

    def test_a_copy_is_encoded_with_its_original_and_an_edited_file_anew(self, fake, asked, weights, photos):
        files = [photos / "red" / "0.ppm", photos / "copy.ppm"]
        shutil.copy(*files)
        assert np.ptp(encode(files, f"timm:{weights}"), axis=0).max() == 0
        assert len(asked) == 1
        files[0].write_bytes(fake.ppm("blue"))
        vectors = encode(files, f"timm:{weights}")
        assert vectors[0].argmax() == 2
        assert vectors[1].argmax() == 0
        assert len(asked) == 2

    def test_other_weights_are_another_encoder(self, fake, asked, weights, photos):
        for data in (b"weights", b"weights", b"others"):
            (weights / "model.safetensors").write_bytes(data)
            encode([photos / "red" / "0.ppm"], f"timm:{weights}")
        assert len(asked) == 2

    def test_what_was_encoded_before_a_kill_is_kept(self, fake, asked, weights, photos, monkeypatch):
        monkeypatch.setattr(encoding, "IMAGES", 4)
        files = sorted((photos / "red").iterdir())
        broken = photos / "broken.ppm"
        broken.write_bytes(b"no image")
        with pytest.raises(InputError, match=r"broken\.ppm is not an image"):
            encode([*files, broken], f"timm:{weights}")
        assert len(asked) == 5
        encode(files, f"timm:{weights}")
        assert len(asked) == 6  # the first run of four had been written

    def test_no_cache(self, asked, weights, photos):
        for _ in range(2):
            encode([photos / "red" / "0.ppm"], f"timm:{weights}", cache=False)
        assert len(asked) == 2


def test_encoders_of_others_are_given_names_and_cached_by_content(worker, photos):
    """A file whose name stays and whose content changes is encoded anew, whoever wrote the encoder."""
    theirs, file = worker.FakeEncoder(), photos / "red" / "0.ppm"
    for data in (b"one", b"one", b"two"):
        file.write_bytes(data)
        encode([ImageFile(str(file))], theirs)
    assert theirs.asked == [str(file)] * 2


class TestTextTower:
    @pytest.fixture
    def tower(self, fake, monkeypatch):
        encoder = ImageEncoder("fake", "f", lambda: fake.FakeBackend([], texts=True))
        return encoder.text_tower

    def test_names_lie_where_their_images_are(self, tower, photos):
        X = tower.images.encode([str(file) for file in sorted((photos / "green").iterdir())])
        assert (X @ tower.encode(["red", "green", "blue"]).T).argmax(axis=1).tolist() == [1] * 5

    def test_names_are_put_into_a_caption(self, tower, monkeypatch):
        seen = []
        monkeypatch.setattr(tower.images.backend, "embed_texts", lambda texts: seen.extend(texts) or np.ones((1, 3)))
        np.testing.assert_allclose(tower.encode(["red"]), 3**-0.5)
        assert seen == [PROMPT.format("red")] == ["a photo of a red."]

    def test_is_an_encoder_of_its_own(self, tower):
        assert isinstance(tower, Encoder)
        assert isinstance(tower, TextTower)
        assert tower.fingerprint != tower.images.fingerprint
        assert tower.dimension == 3

    def test_there_is_none_where_the_model_knows_images_alone(self):
        assert ImageEncoder("numbers", "f", Numbers).text_tower is None


def test_digests_tell_contents_apart(tmp_path):
    for name, data in (("a", b""), ("b", b"x"), ("c", b"x"), ("d", b"x" * 3_000_000)):
        (tmp_path / name).write_bytes(data)
    a, b, c, d = file_digests([str(tmp_path / name) for name in "abcd"])
    assert b == c
    assert len({a, b, d}) == 3
    # BLAKE2b of 16 bytes, as `printf x | b2sum -l 128` tells it.
    assert bytes(b).hex() == "442a44457137672b3218c1007dc8f76a"


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match=r"^pets\.csv, row 7: .*gone\.jpg cannot be read \(No such file"):
        file_digests([ImageFile(str(tmp_path / "gone.jpg"), "pets.csv, row 7")])
    with pytest.raises(InputError, match="cannot be read"):
        file_digests([str(Path(tmp_path))])
