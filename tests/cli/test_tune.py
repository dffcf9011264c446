"""The command `modicum tune`, as a user runs it."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import json

import pytest

from tests.workspace.tuning import worlds

SETTINGS = ("--budget", "5m", "--steps", "40", "--batch", "12", "--rate", "0.01", "--threads", "1", "--out", "tuned")


@pytest.fixture
def call(run, tmp_path):
    """`modicum tune` on a small table with a tiny encoder."""
    table = worlds.table()
    with (tmp_path / "items.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "topic"), *zip(table.texts, (t or "" for t in table.labels), strict=True)])
    encoder = worlds.encoder(tmp_path).layout.root

    def tune(*more):
        return run("tune", "items.csv", "--text", "text", "--label", "topic", "--encoder", encoder, *SETTINGS, *more)

    return tune


def test_the_ladder_is_shown_and_the_bundle_predicts(call, run, tmp_path):
    pytest.importorskip("torch")
    done = call("--work", "work")
    assert done.code == 0, done.err
    assert "tuned, linear" in done.out
    assert "points more often than the best on frozen vectors" in done.out
    asked = run("predict", "tuned", "items.csv", "--text", "text", "--out", "answers.csv")
    assert asked.code == 0, asked.err
    assert (tmp_path / "tuned/encoder/model.safetensors").is_file()
    assert (tmp_path / "work/last.safetensors").is_file()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "nothing is kept of it, as --work DIR would have done"),
        (("--work", "w"), "the same call with the same --work goes on where"),
    ],
)
def test_what_an_interrupted_run_can_do_next_is_told(call, monkeypatch, more, said):
    def interrupted(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("modicum.fit", interrupted)
    done = call(*more)
    assert done.code == 130
    assert f"interrupted; {said}" in done.err


@pytest.mark.parametrize(
    ("option", "near"), [("--method", "LoRA"), ("--objective", "NameAnchors"), ("--device", "cuda")]
)
def test_an_unknown_name_is_refused_before_any_work(call, monkeypatch, option, near):
    monkeypatch.setattr("modicum.workspace.fitting.prepare", None)
    done = call(option, near[:-1])
    assert done.code == 2
    assert f"'{near[:-1]}' is not known; did you mean '{near}'?" in done.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--rate", "0", "the learning rate must be a number above 0, not 0.0"),
        ("--rate", "-1", "the learning rate must be a number above 0, not -1.0"),
        ("--rate", "nan", "the learning rate must be a number above 0, not nan"),
        ("--device", "cuda", "there is no GPU that torch can use here; take device cpu or auto"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_before_any_work(call, monkeypatch, option, value, said):
    if option == "--device":
        torch = pytest.importorskip("torch")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("modicum.workspace.fitting.prepare", None)
    done = call(option, value)
    assert done.code == 2
    assert said in done.err


def test_an_adapter_is_taken_by_name_and_another_name_is_told(call, tmp_path):
    pytest.importorskip("torch")
    done = call("--method", "LoRA", "--objective", "CentroidTriplet", "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)["tuning"]
    assert (told["method"], told["objective"]) == ("LoRA", "CentroidTriplet")
    assert (tmp_path / "tuned/encoder/adapter.safetensors").is_file()
    odd = call("--method", "LoAR")
    assert odd.code == 2
    assert "LoRA" in odd.err


def test_the_difference_alone_is_shipped_where_that_is_wanted(call, run, tmp_path):
    pytest.importorskip("torch")
    done = call("--method", "DiffFit", "--ship", "difference")
    assert done.code == 0, done.err
    assert "Shipped is the difference from" in done.out
    assert not (tmp_path / "tuned/encoder/model.safetensors").exists()
    asked = run("predict", "tuned", "items.csv", "--text", "text", "--out", "answers.csv")
    assert asked.code == 0, asked.err
    assert run("report", "tuned").code == 0
    (tmp_path / "tiny").rename(tmp_path / "gone")
    asked = run("predict", "tuned", "items.csv", "--text", "text", "--out", "more.csv")
    assert asked.code == 2
    assert "holds but the difference from its base, which is needed, too: there is no encoder folder" in asked.err
    odd = call("--ship", "half")
    assert odd.code == 2
    assert "what is shipped of tuned weights 'half' is not known" in odd.err


def test_a_method_of_another_kind_is_refused(call):
    pytest.importorskip("torch")
    for option, name in (("--method", "SupervisedContrastive"), ("--objective", "LoRA")):
        done = call(option, name)
        assert done.code == 2
        assert f"'{name}'" in done.err


def test_without_torch_the_remedy_is_told(call, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = call()
    assert done.code == 2
    assert "it needs torch; install it with: pip install 'modicum[torch]'" in done.err


def test_an_interruption_says_how_to_go_on(call, monkeypatch, tmp_path):
    pytest.importorskip("torch")
    loop = importlib.import_module("modicum.weights.training.loop")
    step, calls = loop._step, []

    def pressed(*args):
        calls.append(1)
        if len(calls) == 60:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(loop, "_step", pressed)
    done = call("--work", "work")
    assert done.code == 130
    assert "the same call with the same --work goes on where this one stopped" in done.err
    assert not (tmp_path / "tuned").exists()
    assert call("--work", "work").code == 0
