"""Merging from folders: what each way makes, what it is judged by, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import modicum  # noqa: E402
from modicum.core import InputError  # noqa: E402
from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.encoder import read_module  # noqa: E402
from modicum.weights.merge import checkpoint_average, uniform_soup  # noqa: E402
from modicum.workspace.weights import WAYS, MergeSettings, merge  # noqa: E402
from tests.encoders import tiny  # noqa: E402
from tests.workspace.weights.worlds import rows, table, tuned, unlike  # noqa: E402


@pytest.fixture
def models(tmp_path):
    return [tuned(tmp_path / name, seed) for seed, name in enumerate(("first", "second", "third"))]


@pytest.fixture
def base(tmp_path):
    return str(tiny.save_transformer(tmp_path / "base"))


def state(folder):
    return read_module(load_folder(folder, threads=1)).state_dict()


def made(way, models, base, tables=None, **more):
    settings = MergeSettings(way, steps=3, threads=1, **more)
    return merge(models, tables or [table()], base=base, settings=settings)


def same(found, expected):
    return all(torch.equal(tensor, expected[name]) for name, tensor in found.items())


@pytest.mark.parametrize("way", WAYS)
def test_every_way_writes_an_encoder_that_answers_as_it_was_judged(way, models, base, tmp_path):
    found = made(way, models, base)
    folder = found.write(tmp_path / "merged")
    encoder = load_folder(folder, threads=1)
    held = found.held[0]
    assert held.accuracies(encoder.encode(held.texts), 0) == (found.merged.deciding[0], found.merged.judging[0])
    assert (found.merged.deciding[0] is None) == (way in ("uniform", "average"))
    told = json.loads(json.dumps(found.to_dict()))
    assert [one["kind"] for one in told["encoders"]] == ["base", "model", "model", "model", "merged"]
    assert told["tables"][0]["judging"] == len(held.judging)


@pytest.mark.parametrize("way", ["uniform", "greedy", "average"])
def test_equal_models_are_given_back_bit_for_bit(way, tmp_path):
    copies = [tuned(tmp_path / name, 5) for name in ("a", "b", "c")]
    found = made(way, copies, None)
    assert same(state(found.write(tmp_path / "merged")), state(copies[0]))
    assert found.gain == 0


def test_greedy_is_never_below_its_best_model_on_the_rows_that_decide(models, base):
    found = made("greedy", models, None)
    assert found.merged.deciding[0] >= max(model.deciding[0] for model in found.models)
    weights = [model.weight for model in found.models]
    assert sum(weights) == pytest.approx(1)
    assert found.base is None


def test_uniform_and_average_are_those_of_the_library(models, tmp_path):
    states = [state(folder) for folder in models]
    found = made("uniform", models, None)
    assert same(state(found.write(tmp_path / "uniform")), uniform_soup(states))
    assert [model.weight for model in found.models] == pytest.approx([1 / 3] * 3)
    run = tuned(tmp_path / "other" / "step", 7)
    found = made("average", [*models, run], None, last=2)
    assert [model.weight for model in found.models] == [0, 0.25, 0.25, 0.5]
    expected = checkpoint_average([states, [state(run)]], last=2)
    assert same(state(found.write(tmp_path / "average")), expected)


@pytest.mark.parametrize("way", ["atlas", "position"])
def test_searches_learn_from_several_tables(way, models, base):
    tables = [table(name="cards"), table(seed=1, name="pins")]
    found = made(way, models[:2], base, tables)
    assert [held.name for held in found.held] == ["cards", "pins"]
    assert len(found.merged.judging) == len(found.base.judging) == 2
    assert all(model.weight != 0.5 for model in found.models)


def test_a_bundle_with_an_encoder_is_a_model(models, tmp_path):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    models[1].rename(bundle / "encoder")
    found = made("uniform", [models[0], bundle], None)
    assert [model.name for model in found.models] == [str(models[0]), str(bundle)]


def test_an_interrupted_search_says_so(models, base):
    calls = []

    def progress(stage, done, total):
        if stage == "search":
            calls.append(done)
            if done == 2:
                raise KeyboardInterrupt

    settings = MergeSettings("atlas", steps=9, threads=1)
    found = merge(models, [table()], base=base, settings=settings, progress=progress)
    assert found.stopped == found.to_dict()["stopped"] == "interrupted in step 3"
    assert calls == [0, 1, 2]


def test_errors(models, base, tmp_path):
    with pytest.raises(InputError, match=r"odd does not go with .*first: the models are of unlike starts: the median"):
        made("uniform", [models[0], unlike(tmp_path / "odd")], None)
    with pytest.raises(InputError, match=r"first does not go with .*odd: the models are of unlike starts"):
        made("atlas", models, str(tmp_path / "odd"))
    with pytest.raises(InputError, match="models are judged on held-out rows; give one table of them, or several of"):
        merge(models, [], settings=MergeSettings("uniform"))
    with pytest.raises(InputError, match="models are judged on held-out rows; give one table of them, or several of"):
        merge(models, [table(), table()], settings=MergeSettings("uniform"))
    dense = [tiny.save_sentence_encoder(tmp_path / name) for name in ("sentences", "more")]
    with pytest.raises(InputError, match="sentences has dense layers after pooling; such encoders cannot be tuned"):
        made("uniform", dense, None)
    with pytest.raises(InputError, match="way to merge 'unifrom' is not known; did you mean 'uniform'"):
        MergeSettings("unifrom")
    with pytest.raises(InputError, match="last snapshots are those of runs that are averaged, not of greedy; leave it"):
        MergeSettings("greedy", last=1)
    with pytest.raises(InputError, match="steps must be at least 1, not 0"):
        MergeSettings("atlas", steps=0)
    with pytest.raises(InputError, match="last must be at least 1, not 0"):
        MergeSettings("average", last=0)


def test_fit_takes_what_was_merged(models, tmp_path):
    folder = made("uniform", models, None).write(tmp_path / "merged")
    texts, topics = rows()
    items = modicum.read({"text": texts, "topic": topics}, text="text", label="topic")
    result = modicum.fit(items, encoder=str(folder), budget=1)
    assert result.predict(["my card card", "the pin pin"]).probabilities.shape == (2, 2)
    assert np.isfinite(result.predict(["new"]).probabilities).all()
