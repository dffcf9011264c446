"""The front door: texts in, vectors out, with encoder and cache chosen on the way."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from modicum.core import InputError
from modicum.encoders import HashedEncoder, encode

TEXTS = ["the card", "my pin", "the card"]


def test_vectors_are_cached_where_it_is_said(worker, tmp_path, monkeypatch):
    monkeypatch.setenv("MODICUM_CACHE", str(tmp_path / "default"))
    fake = worker.FakeEncoder()
    expected = np.stack([worker.vector_of(text) for text in TEXTS])
    for cache in (None, tmp_path / "mine", False, True):
        np.testing.assert_array_equal(encode(TEXTS, fake, cache=cache), expected)
    assert (tmp_path / "default/vectors" / fake.fingerprint).is_dir()
    assert (tmp_path / "mine/vectors" / fake.fingerprint).is_dir()
    assert len(fake.asked) == 2 + 2 + 3 + 0


def test_any_iterable_of_texts_will_do(worker):
    expected = np.stack([worker.vector_of(text) for text in TEXTS])
    for texts in (tuple(TEXTS), iter(TEXTS), np.array(TEXTS), np.array(TEXTS, dtype=object)):
        np.testing.assert_array_equal(encode(texts, worker.FakeEncoder(), cache=False), expected)


def test_a_folder_by_name_with_threads_and_progress(sentence_folder, tmp_path):
    told = []
    vectors = encode(TEXTS, str(sentence_folder), cache=tmp_path, threads=1, progress=lambda *step: told.append(step))
    assert vectors.shape == (3, 6)
    assert told[-1] == ("encode", 3, 3)


def test_hashed_vectors_are_not_cached(tmp_path):
    fitted = HashedEncoder.fit(TEXTS)
    np.testing.assert_array_equal(encode(TEXTS, fitted, cache=tmp_path), encode(TEXTS, "hashed", cache=tmp_path))
    assert not list(tmp_path.iterdir())


def test_errors_name_the_row(worker):
    with pytest.raises(InputError, match="texts must be a list of texts, not one text"):
        encode("the card", worker.FakeEncoder())
    with pytest.raises(InputError, match="row 1: the text is None, not a string; fill or remove such rows"):
        encode(["a", None], worker.FakeEncoder())


def test_importing_the_room_imports_nothing_heavy():
    heavy = "{'onnx', 'onnxruntime', 'tokenizers', 'sklearn', 'pyarrow', 'torch', 'huggingface_hub'}"
    code = f"import sys, modicum.encoders; print(sorted({heavy} & set(sys.modules)), len(modicum.encoders.__all__))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "[]"
