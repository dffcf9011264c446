"""Bundles: what is saved is what answers, whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import modicum
from modicum.core import InputError
from modicum.core.files import file_digest, manifest_digest
from modicum.workspace import read_report
from modicum.workspace.receiving.files import MANIFEST, REPORT
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


def test_answering_imports_nothing_that_only_fits_or_draws(result, tmp_path):
    code = (
        "import sys, modicum\n"
        f"modicum.load({str(result.save(tmp_path / 'b'))!r}).predict(['rain and snow'])\n"
        "late = ('sklearn.cluster', 'sklearn.covariance', 'sklearn.manifold', 'jinja2', 'torch', 'huggingface_hub')\n"
        "print([name for name in late if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


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


def test_nothing_but_a_bundle_or_an_empty_folder_is_replaced(result, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("mine")
    for place in ("file", "folder"):
        with pytest.raises(InputError, match=rf"{place} exists and is not a bundle; give another --out"):
            result.bundle.save(tmp_path / place)
    assert (tmp_path / "file").read_text() == (tmp_path / "folder" / "notes.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert modicum.load(result.bundle.save(tmp_path / "empty")).classes == result.bundle.classes


def test_answers_and_vectors_of_the_table_lie_in_it(result, tmp_path):
    bare = result.bundle.save(tmp_path / "bare")
    names = {"arrays.safetensors", "bundle.json", "report.html", "report.json"}
    assert {file.name for file in bare.iterdir()} == names
    whole = result.bundle.save(tmp_path / "whole", b"answers", np.eye(3))
    assert {file.name for file in whole.iterdir()} == {*names, "predictions.parquet", "vectors.npy"}
    assert (whole / "predictions.parquet").read_bytes() == b"answers"
    vectors = np.load(whole / "vectors.npy")
    assert (vectors.tolist(), vectors.dtype) == (np.eye(3).tolist(), np.float32)


def test_the_manifest_names_what_it_takes_to_answer(result, tmp_path):
    folder = result.bundle.save(tmp_path / "b")
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    assert set(told["files"]) == {"arrays.safetensors", "report.html", "report.json"}
    assert told["files"] == {name: file_digest(folder / name) for name in told["files"]}
    assert told["digest"] == manifest_digest(told) == modicum.load(folder).digest
    assert set(told["libraries"]) == {"numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers"}
    assert told["encoder"]["name"] == "hashed"
    assert told["data"] == json.loads((folder / REPORT).read_text(encoding="utf-8"))["data"]


def test_the_report_can_be_read_alone(result, tmp_path):
    folder = result.bundle.save(tmp_path / "b")
    assert read_report(folder) == json.loads(json.dumps(result.bundle.report))
    for broken in ({"decision": 1}, {}, []):
        (folder / REPORT).write_text(json.dumps(broken), encoding="utf-8")
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        told["files"][REPORT] = file_digest(folder / REPORT)
        (folder / MANIFEST).write_text(json.dumps({**told, "digest": manifest_digest(told)}), encoding="utf-8")
        with pytest.raises(InputError, match=r"report\.json is not the report of a bundle; copy the bundle again"):
            read_report(folder)


def test_what_a_kill_left_is_mended_unless_another_may_be_writing(result, tmp_path):
    folder = result.bundle.save(tmp_path / "b")
    for read in (modicum.load, read_report):
        folder.rename(tmp_path / ".b.old-0")
        with pytest.raises(InputError, match="there is no bundle at"):
            modicum.load(folder, mend=False)
        read(folder)
        assert [file.name for file in tmp_path.iterdir()] == ["b"]


def test_vectors_of_nobody_knows_what_answer_for_vectors_alone(result):
    bundle = replace(result.bundle, encoder=replace(result.bundle.encoder, name="precomputed"))
    with pytest.raises(InputError, match="made from precomputed vectors; give vectors, not texts"):
        bundle.predict(["rain"])
    X = np.eye(2, bundle.model.width, dtype=np.float32)
    np.testing.assert_array_equal(bundle.predict(vectors=X).codes, result.bundle.predict(vectors=X).codes)
    with pytest.raises(InputError, match="either texts or vectors"):
        result.bundle.predict(["rain", "snow"], vectors=X)


@pytest.mark.parametrize("kind", [np.array, pd.Series, tuple])
def test_texts_may_come_in_any_sequence(result, kind):
    texts = ["rain and snow", "soup"]
    np.testing.assert_array_equal(result.bundle.predict(kind(texts)).codes, result.bundle.predict(texts).codes)


def test_what_the_report_does_not_tell_has_a_default(result):
    bare = replace(result.bundle, report={})
    assert (bare.text_column, bare.kind) == (None, "texts")
    assert (result.bundle.text_column, result.bundle.kind) == ("text", "texts")
    pictures = replace(result.bundle, report={"data": {"text_column": "file", "kind": "images"}})
    assert (pictures.text_column, pictures.kind) == ("file", "images")
