"""Encoders scored on a table: what stands where, what counts, what is found by itself, refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

import modicum
from modicum.core import InputError
from modicum.encoders import encode, in_mode, load_folder
from modicum.evaluation.encoders import choose_encoders
from modicum.workspace import score_encoders
from tests.encoders.tiny import save_sentence_encoder

WORDS = ("rain", "storm", "cloud", "frost"), ("soup", "bread", "honey", "pasta")


@pytest.fixture
def table():
    texts = [f"{WORDS[k][n % 4]} and {WORDS[k][(n + 1) % 4]}" for n in range(12) for k in (0, 1)]
    labels = [("weather", "food")[k] if n < 9 else "" for n in range(12) for k in (0, 1)]
    return modicum.read({"text": texts, "label": labels}, text="text", label="label")


@pytest.fixture
def noise(tmp_path, table):
    """Vectors that tell nothing, as a file."""
    np.save(tmp_path / "noise.npy", np.random.default_rng(0).normal(size=(len(table), 5)))
    return str(tmp_path / "noise.npy")


def test_the_telling_encoder_comes_first_and_all_is_json(table, noise):
    found = score_encoders(table, [noise, "hashed"])
    assert [one.name for one in found.candidates] == ["hashed", noise]
    assert [one.mode for one in found.candidates] == ["exact", "precomputed"]
    assert found.candidates[0].alone > found.candidates[1].alone
    assert found.candidates[0].together == pytest.approx(found.candidates[0].alone)
    assert found.candidates[1].together >= found.candidates[0].together
    assert (found.rows, found.classes, found.candidates[1].width) == (18, 2, 5)
    assert json.loads(json.dumps(found.to_dict()))["candidates"][0]["name"] == "hashed"


def test_a_folder_stands_twice_and_scores_as_its_vectors_do(table, tmp_path):
    folder = save_sentence_encoder(tmp_path / "tiny")
    found = score_encoders(table, [str(folder)])
    assert {one.mode for one in found.candidates} == {"exact", "static"}
    exact = load_folder(folder)
    texts, codes = table.texts[:18], np.tile([0, 1], 9)
    both = [encode(texts, one, cache=False) for one in (exact, in_mode(exact, "static"))]
    alone = choose_encoders(both, codes, 2).alone
    told = {one.mode: one.alone for one in found.candidates}
    np.testing.assert_allclose([told["exact"], told["static"]], alone, atol=1e-6)


def test_those_not_wanted_stand_behind_without_a_share(table, noise):
    found = score_encoders(table, [noise, "hashed"], keep=1)
    assert [one.together is None for one in found.candidates] == [False, True]


def test_without_names_those_on_this_machine_are_scored(table, monkeypatch):
    monkeypatch.setattr("modicum.workspace.encoders.scoring.local_encoders", lambda: ("hashed",))
    assert [one.name for one in score_encoders(table).candidates] == ["hashed"]


def test_refusals(table, tmp_path):
    with pytest.raises(InputError, match="the table holds no label at all"):
        score_encoders(modicum.read({"text": ["a", "b"]}), ["hashed"])
    with pytest.raises(InputError, match="every class has a single row"):
        score_encoders(modicum.read({"text": ["a", "b"], "l": ["x", "y"]}, text="text", label="l"), ["hashed"])
    with pytest.raises(InputError, match="3 encoders are wanted of 1"):
        score_encoders(table, ["hashed"], keep=3)
    np.save(tmp_path / "short.npy", np.ones((3, 2)))
    with pytest.raises(InputError, match="vectors have 3 rows where the table has 24"):
        score_encoders(table, [str(tmp_path / "short.npy")])


def test_what_cannot_be_chosen_is_refused_before_anything_is_encoded(table, monkeypatch):
    monkeypatch.setattr("modicum.workspace.encoders.scoring.encode", None)
    with pytest.raises(InputError, match="3 encoders are wanted of 1"):
        score_encoders(table, ["hashed"], keep=3)
    with pytest.raises(InputError, match="every class has a single row"):
        score_encoders(modicum.read({"text": ["a", "b"], "l": ["x", "y"]}, text="text", label="l"), ["hashed"])
