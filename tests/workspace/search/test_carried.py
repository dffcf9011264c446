"""What a bundle carries of its table: answers, and rows that can be searched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import modicum
from modicum.core import InputError
from modicum.workspace import carried_answers, carried_search, check_texts
from modicum.workspace.search import Query, columns
from modicum.workspace.search.columns import read_columns
from tests.cli.conftest import lines


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("carried")
    (folder / "items.csv").write_text("\n".join(lines()) + "\n", encoding="utf-8")
    table = modicum.read(folder / "items.csv", text="text", label="topic", id="id")
    return modicum.fit(table, encoder="hashed", budget=1), folder


def test_a_bundle_with_an_index_finds_its_rows(made):
    result, folder = made
    path = result.save(folder / "whole", index=True)
    bundle = modicum.load(path)
    search = carried_search(path, bundle, bundle.find_encoder())
    assert search.table.texts == result.table.texts
    (row,) = search.find(Query(like=("s3",)), 1).rows
    assert search.table.ids[row][0] == "s"
    answers = carried_answers(path)
    assert answers["prediction"] == result.predictions.columns(bundle.classes)["prediction"]
    assert len(answers["unknown"]) == 36


@pytest.mark.parametrize(("column", "other"), [("text", "input_text"), ("prediction", "input_prediction")])
def test_rows_are_searched_by_their_texts_whatever_columns_are_called(made, column, other):
    result, folder = made
    columns = {column: result.table.texts, other: ["x"] * 36}
    named = replace(result.table, text_column=column, columns=columns)
    path = modicum.fit(named, encoder="hashed", budget=1, map_points=0).save(folder / other, index=True)
    bundle = modicum.load(path)
    assert carried_search(path, bundle, bundle.find_encoder()).table.texts == result.table.texts


def test_a_changed_index_is_refused_and_a_bare_bundle_carries_nothing(made):
    result, folder = made
    path = result.save(folder / "damaged", index=True)
    np.save(path / "vectors.npy", np.zeros((36, 36), dtype=np.float32))
    with pytest.raises(InputError, match=r"vectors\.npy is not the file that was written"):
        modicum.load(path)
    bare = result.bundle.save(folder / "bare")
    bundle = modicum.load(bare, mend=False)
    assert carried_search(bare, bundle, bundle.find_encoder()) is None
    assert carried_answers(bare) == {}


def test_images_and_foreign_vectors_have_no_texts(made):
    result, _ = made
    table = modicum.read({"text": ["a", "b"] * 10, "label": ["x", "y"] * 10}, text="text", label="label")
    other = modicum.fit(table, vectors=np.random.default_rng(0).normal(size=(20, 4)), budget=1)
    with pytest.raises(InputError, match="has no encoder for texts"):
        check_texts(other.bundle)
    check_texts(result.bundle)


@pytest.mark.parametrize("cells", [[["a"], ["b"]], [{"a": 1}, {"a": 2}], [b"\xff", b"b"]])
@pytest.mark.parametrize("column", ["input_text", "id"])
def test_a_column_that_holds_no_texts_is_refused_in_one_sentence(made, tmp_path, cells, column):
    result, _ = made
    np.save(tmp_path / "vectors.npy", np.ones((2, 4), dtype=np.float32))
    told = {"id": ["1", "2"], "input_text": ["a", "b"]} | {column: cells}
    pq.write_table(pa.table(told), tmp_path / "predictions.parquet")
    with pytest.raises(
        InputError,
        match=rf"predictions\.parquet: column '{column}' cannot be read as texts \(.*; fit again with --index",
    ):
        carried_search(tmp_path, result.bundle, result.bundle.find_encoder())


@pytest.mark.parametrize("name", ["text", "text.long"])
def test_a_column_is_looked_at_before_it_is_read_also_under_a_name_with_a_dot(tmp_path, monkeypatch, name):
    monkeypatch.setattr(columns, "VALUES", 100)
    file = tmp_path / "table.parquet"
    pq.write_table(pa.table({name: ["x"] * 200}), file)
    with pytest.raises(InputError, match=r"is too large \(200 values, .*; fit again"):
        read_columns(file, [name])
    assert read_columns(file, ["tex"]).num_columns == 0, "a name that merely begins so is another column"
