"""Rung 5 as its users meet it: tried or not and why, shipped or not, in a bundle that runs without torch."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import modicum
from modicum.core import InputError
from modicum.encoders import load_folder
from modicum.workspace.receiving.loading import load
from modicum.workspace.tuning.settings import TuneSettings
from tests.workspace.tuning import worlds

STEPS = TuneSettings(wanted=True, steps=40, batch=12, rate=1e-2)


def fitted(folder, tuning=STEPS, others=6, **changes):
    settings = {"budget": "5m", "map_points": 0, "threads": 1} | changes
    return modicum.fit(worlds.table(others=others), encoder=worlds.encoder(folder), tuning=tuning, **settings)


def row(report):
    return next(entry for entry in report["ladder"] if entry["name"] == "tuned weights")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tuning": TuneSettings(wanted=False)}, "it was not wanted"),
        ({"budget": "20s"}, "tuning takes minutes: try --budget 10m"),
    ],
)
def test_what_was_not_tried_is_told_with_the_reason(tmp_path, changes, said, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    report = fitted(tmp_path, **{"tuning": TuneSettings()} | changes).report
    assert said in row(report)["reason"]
    assert row(report)["rung"] == 5
    assert not row(report)["chosen"]
    assert said in report["tuning"]["said"]


def test_few_labels_cannot_tell_whether_it_gains(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    table = worlds.table()
    kept = itertools.count(1)
    few = replace(table, labels=tuple(one if one and next(kept) <= 31 else None for one in table.labels))
    report = modicum.fit(few, encoder=worlds.encoder(tmp_path), budget="5m", map_points=0, threads=1).report
    said = "31 labelled rows cannot tell whether tuning gains; it is tried from 32 on"
    assert row(report)["reason"] == said


def test_without_torch_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    report = fitted(tmp_path, tuning=TuneSettings()).report
    assert row(report)["reason"] == "it needs torch; install it with: pip install 'modicum[torch]'"
    with pytest.raises(InputError, match=r"weights cannot be tuned here: it needs torch; install it with: pip install"):
        fitted(tmp_path)


def test_given_vectors_cannot_be_tuned(tmp_path):
    table = worlds.table()
    X = np.random.default_rng(0).normal(size=(len(table), 8)).astype(np.float32)
    with pytest.raises(InputError, match="it needs texts and an encoder in exact or fused mode"):
        modicum.fit(table, vectors=X, tuning=STEPS, map_points=0)


def test_several_labels_or_a_number_cannot_be_tuned_for(tmp_path):
    with pytest.raises(InputError, match="weights are tuned for one class a row; leave out --tune, or the target"):
        modicum.fit(replace(worlds.table(), separator="|"), encoder=worlds.encoder(tmp_path), tuning=STEPS)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    pytest.importorskip("torch")
    return fitted(tmp_path_factory.mktemp("tuned"), encoder_mode="exact")  # the world's words alone would tell it


def test_it_gains_where_the_encoder_knows_nothing(result):
    test = result.report["test"]
    assert test["accuracy"] > test["baseline_accuracy"] + 0.1
    assert result.report["tuning"]["measured"] > 0.05


def test_the_report_tells_both_ladders_and_what_moved(result):
    report = result.report
    json.dumps(report, allow_nan=False)
    names = [entry["name"] for entry in report["ladder"]]
    assert names.index("linear") < names.index("tuned, linear")
    assert sum(entry["chosen"] for entry in report["ladder"]) == 1
    chosen = next(entry for entry in report["ladder"] if entry["chosen"])
    assert chosen["rung"] == 5
    assert chosen["cv_accuracy"] is not None
    tuning = report["tuning"]
    assert tuning["folds"] == 5
    assert {one["layer"] for one in tuning["moved"]} >= {"encoder.layer.0", "encoder.layer.1"}
    assert "They are shipped" in tuning["said"]
    assert tuning["stopping"]["marks"] == (20, 40)
    assert tuning["steps"] == tuning["stopping"]["steps"]
    assert "held-out rows were right" in tuning["said"]


def test_the_bundle_answers_alike_wherever_it_lies(result, tmp_path):
    folder = result.save(tmp_path / "bundle")
    found = load(folder)
    assert found.find_encoder().name.endswith(", tuned")
    asked = ["my card", "where is the pin ?"]
    expected = result.predict(asked).probabilities
    np.testing.assert_allclose(found.predict(asked).probabilities, expected, atol=1e-6)
    moved = folder.rename(tmp_path / "elsewhere")
    copy = load(moved).save(tmp_path / "copy")
    assert load(copy).encoder == found.encoder
    load(copy).save(copy)
    np.testing.assert_allclose(load(copy).predict(asked).probabilities, expected, atol=1e-6)


def test_an_edited_weight_is_refused(result, tmp_path):
    folder = result.save(tmp_path / "bundle")
    file = folder / "encoder" / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(InputError, match="is not the file that was written"):
        load(folder)


def test_another_label_set_stands_on_the_same_encoder(result, tmp_path):
    folder = result.save(tmp_path / "bundle")
    settings = {"encoder_mode": "exact", "budget": "10s", "map_points": 0}
    other = modicum.fit(worlds.table(seed=1), encoder=str(folder / "encoder"), **settings)
    assert other.report["test"]["accuracy"] > 0.8
    assert other.bundle.encoder.fingerprint == result.bundle.encoder.fingerprint


def test_predicting_needs_no_torch(result, tmp_path):
    folder = result.save(tmp_path / "bundle")
    script = (
        f"import sys, modicum; print(len(modicum.load({str(folder)!r}).predict(['my card']).codes)); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]


def test_predictions_of_the_ladder_can_be_learnt_from(tmp_path):
    pytest.importorskip("torch")
    report = fitted(tmp_path, tuning=replace(STEPS, objective="PseudoLabels", steps=10)).report
    assert report["tuning"]["objective"] == "PseudoLabels"
    assert report["tuning"]["shipped"]
    with pytest.raises(InputError, match=r"method of weights\.objectives"):
        fitted(tmp_path / "odd", tuning=replace(STEPS, objective="PseudoLabel"))


def test_where_tuning_harms_frozen_vectors_are_shipped(tmp_path):
    pytest.importorskip("torch")
    report = fitted(tmp_path, tuning=TuneSettings(steps=5, rate=1.0), others=1).report
    assert report["tuning"]["shipped"] is False
    assert "frozen vectors are shipped" in report["tuning"]["said"]
    assert next(entry for entry in report["ladder"] if entry["chosen"])["rung"] < 5
    assert any(entry["name"] == "tuned, linear" and entry["cv_accuracy"] for entry in report["ladder"])


def test_a_budget_too_small_for_the_fewest_steps_is_told(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    tuner = importlib.import_module("modicum.workspace.tuning.tuner")
    monkeypatch.setattr(tuner.Tuner, "pace", lambda self, folder: 100.0)
    report = fitted(tmp_path, tuning=TuneSettings()).report
    assert "a step takes 100.00 s" in row(report)["reason"]
    with pytest.raises(InputError, match=r"a step takes 100\.00 s, so that \d+ s are too few"):
        fitted(tmp_path)


@pytest.mark.parametrize("at", [1, 9])
def test_an_interruption_while_steps_are_timed_or_folds_are_measured(tmp_path, monkeypatch, at):
    pytest.importorskip("torch")
    loop = importlib.import_module("modicum.weights.training.loop")
    step, calls = loop._step, []

    def pressed(*args):
        calls.append(1)
        if len(calls) == at:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(loop, "_step", pressed)
    report = fitted(tmp_path, tuning=TuneSettings(steps=20)).report
    assert row(report)["reason"] == "it was interrupted"
    calls.clear()
    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path, tuning=TuneSettings(wanted=True, steps=20))


def test_an_interrupted_attempt_goes_on_from_its_folder(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    tuning = TuneSettings(wanted=True, steps=20, batch=12, rate=1e-2, work=tmp_path / "work")
    first = fitted(tmp_path / "first", tuning=tuning)
    states = sorted(file.name for file in tuning.work.glob("*.safetensors"))
    assert states == [*(f"fold-{number}.safetensors" for number in range(5)), "last.safetensors"]
    tuner = importlib.import_module("modicum.workspace.tuning.tuner")
    monkeypatch.setattr(tuner.Tuner, "pace", lambda self, folder: 100.0)  # however slow the machine is the second time
    again = fitted(tmp_path / "again", tuning=tuning)
    assert again.bundle.encoder.fingerprint == first.bundle.encoder.fingerprint


def test_the_folder_of_another_attempt_is_refused(tmp_path):
    pytest.importorskip("torch")
    tuning = TuneSettings(wanted=True, steps=4, batch=12, work=tmp_path / "work")
    encoder = worlds.encoder(tmp_path)
    given = {"budget": "5m", "map_points": 0, "threads": 1}
    modicum.fit(worlds.table(), encoder=encoder, tuning=tuning, **given)
    with pytest.raises(InputError, match="work keeps runs with objective SupervisedContrastive, where CentroidTriplet"):
        modicum.fit(worlds.table(), encoder=encoder, tuning=replace(tuning, objective="CentroidTriplet"), **given)
    with pytest.raises(InputError, match=r"fold-0\.safetensors is the state of a run on other rows"):
        modicum.fit(worlds.table(seed=1), encoder=encoder, tuning=tuning, **given)
    file = encoder.layout.root / "model.safetensors"
    weights = load_file(file)
    save_file({name: 2 * value for name, value in weights.items()}, file)
    with pytest.raises(InputError, match=r"work keeps runs with encoder \w{12}, where \w{12} is asked for"):
        modicum.fit(worlds.table(), encoder=load_folder(encoder.layout.root, threads=1), tuning=tuning, **given)


def test_tuned_vectors_have_no_words_beside_them(tmp_path):
    pytest.importorskip("torch")
    tuned = fitted(tmp_path, tuning=TuneSettings(wanted=True, steps=20, batch=12, rate=1e-2))
    assert (tuned.bundle.encoder.mode, tuned.bundle.encoder_arrays) == ("exact", {})
    told = modicum.load(tuned.save(tmp_path / "bundle")).predict(list(tuned.table.texts))
    np.testing.assert_allclose(told.probabilities, tuned.predictions.probabilities, atol=1e-6)
