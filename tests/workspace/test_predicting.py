"""Predictions as columns, chunk by chunk and part by part: own columns first, the table's kept, every row once."""

from __future__ import annotations

import io

import numpy as np
import pyarrow.parquet as pq
import pytest

import modicum
from modicum.core import InputError, Table
from modicum.workspace import predict_file, predict_stream, predicting, prediction_columns
from modicum.workspace.model import Predictions
from modicum.workspace.predicting import to_parquet
from tests.cli.conftest import THEMES

ROWS = [f"{words[n % 8]} and {words[(3 * n) % 8]}" for words in THEMES.values() for n in range(4)]


def test_columns():
    table = Table(("0", "1"), ("x", "y"), (None, None), columns={"text": ["x", "y"], "prediction": ["mine", "too"]})
    proba = np.array([[0.75, 0.25], [0.4, 0.6]])
    sets = np.array([[True, False], [True, True]])
    answers = Predictions(np.array([0, 1]), proba, sets, np.array([False, True]))
    assert prediction_columns(table, answers, ("a", "b")) == {
        "id": ["0", "1"],
        "prediction": ["a", "b"],
        "probability": [0.75, 0.6],
        "prediction_set": [["a"], ["a", "b"]],
        "unknown": [False, True],
        "text": ["x", "y"],
        "input_prediction": ["mine", "too"],
    }


def test_no_column_is_lost_where_names_collide():
    columns = {"input_prediction": ["mine"], "prediction": ["too"]}
    table = Table(("0",), ("x",), (None,), columns=columns)
    answers = Predictions(np.array([0]), np.array([[0.75, 0.25]]), np.array([[True, False]]), np.array([False]))
    found = prediction_columns(table, answers, "ab")
    assert (found["prediction"], found["input_prediction"], found["input_input_prediction"]) == (
        ["a"],
        ["mine"],
        ["too"],
    )


def test_ids_are_not_told_twice_and_other_ids_are_kept():
    answers = Predictions(np.array([0]), np.array([[0.75, 0.25]]), np.array([[True, False]]), np.array([False]))
    own = Table(("7",), ("x",), (None,), columns={"id": [7]})
    assert list(prediction_columns(own, answers, "ab")) == [
        "id",
        "prediction",
        "probability",
        "prediction_set",
        "unknown",
    ]
    other = prediction_columns(Table(("0",), ("x",), (None,), columns={"id": [7]}), answers, "ab")
    assert (other["id"], other["input_id"]) == (["0"], [7])
    shared = prediction_columns(Table(("0",), ("x",), (None,), columns={"key": ["0"]}), answers, "ab")
    assert shared["key"] == ["0"]


def test_columns_come_back_from_the_bytes_of_a_file():
    told = {"id": ["0", "1"], "sets": [["a"], []]}
    assert pq.read_table(io.BytesIO(to_parquet(told))).to_pydict() == told


def fitted(seed=0):
    texts, labels = [], []
    for theme, words in THEMES.items():
        for n in range(16):
            texts.append(f"{words[n % 8]} {words[(n + 1) % 8]} {words[(n * 3) % 8]}")
            labels.append(theme if n < 8 else None)
    table = modicum.read({"text": texts, "label": labels}, text="text", label="label")
    return modicum.fit(table, encoder="hashed", budget="20s", map_points=0, seed=seed)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return fitted().save(tmp_path_factory.mktemp("bundles") / "b")


@pytest.fixture
def source(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(
        "name,text,other\n" + "".join(f"r{n},{text},rain\n" for n, text in enumerate(ROWS)), encoding="utf-8"
    )
    return file


def test_a_stream_answers_every_row_once_whatever_fits_into_memory(bundle, source, monkeypatch):
    monkeypatch.setattr(predicting, "TEXTS", 5)
    told = []
    found = list(predict_stream(bundle, str(source), id="name", progress=lambda *seen: told.append(seen)))
    assert [len(part["id"]) for part in found] == [5, 5, 2]
    assert told == [("predict", 5, 5), ("predict", 10, 10), ("predict", 12, 12)]
    assert [id for part in found for id in part["id"]] == [f"r{n}" for n in range(12)]
    expected = modicum.load(bundle).predict(ROWS)
    told = [p for part in found for p in part["probability"]]
    np.testing.assert_allclose(told, expected.probabilities.max(axis=1), atol=1e-6)
    assert [text for part in found for text in part["text"]] == ROWS


def test_another_column_of_texts_gives_the_answers_of_that_column(bundle, source):
    (found,) = predict_stream(bundle, str(source), text="other")
    assert found["prediction"] == ["weather"] * 12


def test_vectors_that_are_there_are_not_made_again(bundle, source, tmp_path):
    model = modicum.load(bundle)
    vectors = np.repeat(modicum.encoders.encode(["snow"], model.find_encoder()), 12, axis=0)
    np.save(tmp_path / "v.npy", vectors)
    (found,) = predict_stream(bundle, str(source), vectors=tmp_path / "v.npy")
    assert found["prediction"] == ["weather"] * 12
    np.testing.assert_allclose(
        found["probability"], model.predict(vectors=vectors).probabilities.max(axis=1), atol=1e-6
    )


@pytest.mark.parametrize("options", [{"image": "text"}, {"image": "text", "text": "text"}])
def test_a_bundle_of_texts_takes_no_images(bundle, source, options):
    with pytest.raises(InputError, match="made from texts, not from images; give a table of texts"):
        next(predict_stream(bundle, str(source), **options))
    with pytest.raises(InputError, match="made from texts, not from images"):
        predict_file(bundle, source, source.with_name("out.csv"), **options)


def test_a_file_says_what_the_stream_says(bundle, source, tmp_path):
    told = []
    out = tmp_path / "out.parquet"
    assert predict_file(bundle, source, out, id="name", progress=lambda *seen: told.append(seen)) == 12
    assert told == [("rows", 12, 12)]
    (expected,) = predict_stream(bundle, str(source), id="name")
    found = pq.read_table(out).to_pydict()
    assert list(found) == list(expected)
    assert all(list(expected[name]) == pytest.approx(values) for name, values in found.items() if name == "probability")
    assert all(list(expected[name]) == values for name, values in found.items() if name != "probability")


def test_what_another_bundle_began_is_not_gone_on_with(bundle, source, tmp_path):
    class Stop(Exception):
        """A run that ends before its parts are joined."""

    def stop(*seen):
        raise Stop

    out = tmp_path / "out.csv"
    with pytest.raises(Stop):
        predict_file(bundle, source, out, progress=stop)
    other = fitted(seed=1).save(tmp_path / "other")
    with pytest.raises(InputError, match=r"parts of another run \(its bundle differed\)"):
        predict_file(other, source, out)
    with pytest.raises(InputError, match=r"parts of another run \(its columns differed\)"):
        predict_file(bundle, source, out, text="other")
    assert predict_file(bundle, source, out) == 12
