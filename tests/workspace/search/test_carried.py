"""What a bundle carries of its table: answers, and rows that can be searched."""

from __future__ import annotations

import numpy as np
import pytest

import modicum
from modicum.core import InputError
from modicum.workspace import carried_answers, carried_search, check_texts
from modicum.workspace.search import Query
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
