"""Bundles: what is saved is what answers, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import InputError
from tests.cli.conftest import THEMES


@pytest.fixture(scope="module")
def result():
    texts, labels = [], []
    for theme, words in THEMES.items():
        for n in range(16):
            texts.append(f"{words[n % 8]} {words[(n + 1) % 8]} {words[(n * 3) % 8]}")
            labels.append(theme if n < 8 else None)
    table = modicum.read({"text": texts, "label": labels}, text="text", label="label")
    return modicum.fit(table, encoder="hashed", budget="20s", map_points=0)


def test_saved_and_loaded_answers_are_equal(result, tmp_path):
    texts = ["rain and snow", "cheese with honey", ""]
    bundle = modicum.load(result.save(tmp_path / "b"))
    ours, theirs = result.predict(texts), bundle.predict(texts)
    np.testing.assert_array_equal(ours.probabilities, theirs.probabilities)
    np.testing.assert_array_equal(ours.sets, theirs.sets)
    assert bundle.classes == ("food", "sport", "weather")
    assert [bundle.classes[k] for k in theirs.codes[:2]] == ["weather", "food"]


def test_saving_twice_replaces(result, tmp_path):
    result.save(tmp_path / "b")
    (tmp_path / "b" / "stray.txt").write_text("left behind", encoding="utf-8")
    result.save(tmp_path / "b")
    assert not (tmp_path / "b" / "stray.txt").exists()


def test_no_pickle_anywhere(result, tmp_path):
    folder = result.save(tmp_path / "b")
    for file in folder.iterdir():
        assert file.suffix in {".json", ".safetensors", ".html", ".parquet"}
        assert not file.read_bytes().startswith(b"\x80\x04")


def test_predict_wants_either_texts_or_vectors(result):
    with pytest.raises(InputError, match="either texts or vectors"):
        result.bundle.predict()
    with pytest.raises(InputError, match="3 wide where"):
        result.bundle.predict(vectors=np.zeros((1, 3)))
    with pytest.raises(InputError, match="a list of texts, not one text"):
        result.predict("rain and snow")


def test_an_encoder_with_other_weights_is_refused(result, tmp_path):
    folder = result.save(tmp_path / "b")
    bundle = modicum.load(folder)
    arrays = dict(bundle.encoder_arrays)
    name = next(n for n, a in arrays.items() if a.dtype.kind == "f" and a.size)
    arrays[name] = arrays[name] + 1
    changed = type(bundle)(bundle.model, bundle.encoder, bundle.report, arrays)
    with pytest.raises(InputError, match="install the same weights, or fit again"):
        changed.predict(["rain"])
