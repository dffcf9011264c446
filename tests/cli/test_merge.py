"""`modicum merge` as its user meets it: tables, JSON, refusals, and nothing half-written."""

from __future__ import annotations

import json
import sys

import pytest

pytest.importorskip("torch")

from modicum.workspace.weights import merging
from tests.encoders import tiny
from tests.workspace.weights.worlds import rows, tuned, unlike


@pytest.fixture
def held(tmp_path):
    file = tmp_path / "held.csv"
    lines = [f"{text},{topic}" for text, topic in zip(*rows(), strict=True)]
    file.write_text("\n".join(["text,topic", *lines]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def models(tmp_path):
    return [tuned(tmp_path / name, seed) for seed, name in enumerate(("first", "second"))]


@pytest.fixture
def call(run, held):
    def merge(*arguments):
        return run("merge", *arguments, "--table", held, "--text", "text", "--label", "topic", "--out", "merged")

    return merge


def test_what_was_merged_is_shown_and_serves_fit(run, call, models, held, tmp_path):
    done = call("first", "second")
    assert done.code == 0, done.err
    words = done.out.split()
    assert {"encoder", "weight", "deciding", "judging", "first", "second", "merged"} <= set(words)
    assert "accuracy of a linear head, cross-validated." in done.out
    assert "Use it: modicum fit TABLE --encoder merged" in done.out
    made = run(
        "fit", held, "--text", "text", "--label", "topic", "--encoder", "merged", "--budget", "1", "--out", "topics"
    )
    assert made.code == 0, made.err
    assert json.loads((tmp_path / "topics/bundle.json").read_text("utf-8"))["encoder"]["name"].endswith("merged")


@pytest.fixture
def bundle(run, held, models, tmp_path):
    made = ("fit", held, "--text", "text", "--label", "topic", "--encoder", "first", "--budget", "1", "--out", "topics")
    assert run(*made).code == 0
    return tmp_path / "topics"


def test_a_head_is_put_on_what_was_merged(run, call, bundle, held, tmp_path):
    done = call("first", "second", "--method", "uniform", "--head", "topics")
    assert done.code == 0, done.err
    assert "The same head on 48 rows of " in done.out
    assert "on the encoder it was fitted on" in done.out
    assert "set anew by 48 held-out rows" in done.out
    assert "Use it: modicum predict merged TABLE" in done.out
    answered = run("predict", "merged", held, "--out", "answers.csv")
    assert answered.code == 0, answered.err
    assert len((tmp_path / "answers.csv").read_text("utf-8").splitlines()) == 49
    told = json.loads(call("first", "second", "--method", "uniform", "--head", "topics", "--json").out)
    assert told["bundle"] == "merged"
    assert told["head"]["rows"] == 48
    assert told["head"]["before"].keys() == told["head"]["after"].keys()
    shown = run("report", "merged")
    assert "The head answers on weights merged after the fit (uniform, of 2 models)" in shown.out


def test_neither_the_head_nor_an_encoder_is_written_over(run, call, bundle, held, tmp_path):
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("merge", "first", "second", "--table", held, "--head", "topics", "--out", "topics")
    assert "topics is the bundle of the head; give another --out" in " ".join(done.err.split())
    (tmp_path / "merged").mkdir()
    (tmp_path / "merged" / "config.json").write_text("{}", "utf-8")
    done = call("first", "second", "--head", "topics")
    assert "merged exists and is not a bundle; give another --out, or move it away" in " ".join(done.err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "merged"])


def test_json_names_base_models_and_merged(call, models, tmp_path):
    tiny.save_transformer(tmp_path / "base")
    done = call("first", "second", "--method", "position", "--base", "base", "--steps", 2, "--json")
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["encoder"] == "merged"
    assert [(one["name"], one["kind"]) for one in told["encoders"]] == [
        ("base", "base"),
        ("first", "model"),
        ("second", "model"),
        ("merged", "merged"),
    ]
    assert (tmp_path / "merged/model.safetensors").is_file()


@pytest.mark.parametrize(("other", "told"), [("other.csv", "other"), ("more/held.csv", "more/held.csv")])
def test_several_tables_have_columns_of_their_own(call, models, tmp_path, other, told):
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).write_text((tmp_path / "held.csv").read_text("utf-8"), "utf-8")
    done = call("first", "second", "--method", "uniform", "--table", other)
    assert done.code == 0, done.err
    heads = done.out.splitlines()[0].split()
    assert len(heads) == 2
    assert heads[0] == told
    assert heads[1].startswith("held") or heads[1].endswith("held.csv")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["first"], "merging takes two models or more; name each one's folder"),
        (["first", "thrid"], "there is no folder thrid; give the folder of a tuned encoder, or a bundle that has one"),
        (["first", "odd"], "odd does not go with first: the models are of unlike starts"),
        (["first", "second", "--method", "slerp"], "way to merge 'slerp' is not known"),
        (["first", "second", "--method", "atlas", "--base", "nowhere"], "encoder 'nowhere' was not found"),
        (["first", "second", "--out", "first"], "first is one of the models; give another --out"),
    ],
)
def test_wrong_input_is_one_sentence_and_leaves_nothing(call, models, tmp_path, arguments, told):
    unlike(tmp_path / "odd")
    before = sorted(path.name for path in tmp_path.iterdir())
    if "--out" in arguments:
        (tmp_path / "merged").mkdir()
        (tmp_path / "merged" / "notes").write_text("mine", "utf-8")
        done = call("first", "second")
        assert "merged exists and is not an encoder; give another --out, or move it away" in done.err
        return
    done = call(*arguments)
    assert done.code == 2
    assert told in " ".join(done.err.split())
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_without_torch_the_extra_is_named(call, models, monkeypatch, tmp_path):
    for name in [name for name in sys.modules if name.startswith("modicum.weights")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    done = call("first", "second")
    assert done.code == 2
    assert "moving weights needs the package torch; install it with: pip install 'modicum[torch]'" in done.err
    assert not (tmp_path / "merged").exists()


def test_an_interrupt_leaves_the_old_encoder_whole(call, models, monkeypatch, tmp_path):
    assert call("first", "second").code == 0
    before = (tmp_path / "merged/model.safetensors").read_bytes()
    names = sorted(path.name for path in tmp_path.iterdir())

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(merging, "with_weights", interrupted)
    assert call("first", "second", "--method", "uniform").code != 0
    assert (tmp_path / "merged/model.safetensors").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == names
