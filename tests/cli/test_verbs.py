"""Every verb as its user meets it: what it prints, what it writes, and that JSON is JSON."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import modicum
from modicum.cli.outcome import show

OWN = ["id", "prediction", "probability", "prediction_set", "unknown"]


def test_fit_prints_the_ladder_and_writes_the_bundle(run, table):
    table.write_text(f"{table.read_text()}w99,about sun and rain,\nw98,about sun and rain,\n")
    done = run("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed", "--out", "topics")
    assert done.code == 0
    assert "items.csv: 38 rows, 18 labelled, 3 classes, 1 duplicate; encoder hashed" in done.out
    assert "The ladder" in done.out
    assert "names + shots" in done.out
    assert "Report: topics/report.html" in done.out
    assert "Use it: modicum predict topics TABLE" in done.out
    files = {file.name for file in (table.parent / "topics").iterdir()}
    assert files == {"bundle.json", "arrays.safetensors", "report.json", "report.html", "predictions.parquet"}


def test_an_encoder_may_have_brackets_in_its_name(run, table, capsys):
    run("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed", "--out", "topics")
    report = modicum.load(table.parent / "topics").report
    show(report | {"encoder": report["encoder"] | {"name": "enc[/x]"}}, Path("topics"))
    assert "; encoder enc[/x]\n" in capsys.readouterr().out


def test_fit_json_is_the_report(run, table):
    done = run("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed", "--unknown", "0.2", "--json")
    report = json.loads(done.out)
    assert report["unknown"]["rate"] == 0.2
    wanted = {
        "data",
        "ladder",
        "chosen",
        "calibration",
        "conformal",
        "shift",
        "label_errors",
        "next_to_label",
        "timings",
    }
    assert wanted <= set(report)
    assert report["bundle"] == "items.bundle"
    assert report["data"]["rows"] == 36
    assert report["data"]["labelled"] == 18
    entry = report["ladder"][0]
    for key in (
        "name",
        "steps",
        "rung",
        "cv_accuracy",
        "cv_se",
        "seconds",
        "parameters_moved",
        "seconds_per_1000_items",
    ):
        assert key in entry
    assert sum(entry["weight"] for entry in report["ladder"]) == pytest.approx(1)


def test_rows_predicted_at_fit_carry_ids_and_the_tables_own_columns(bundle):
    predictions = pq.read_table(bundle / "predictions.parquet")
    assert predictions.column_names == [*OWN, "text", "topic"]
    assert predictions.num_rows == 36
    assert predictions["id"].to_pylist()[0] == "w0"


def test_predict_writes_every_format_and_the_same_answers(run, bundle, table):
    printed = run("predict", bundle, table)
    assert printed.code == 0
    rows = list(csv.DictReader(io.StringIO(printed.out)))
    assert list(rows[0])[:5] == OWN
    assert len(rows) == 36
    for ending in ("csv", "jsonl", "parquet"):
        assert run("predict", bundle, table, "--out", f"answers.{ending}").code == 0
    folder = bundle.parent
    from_csv = [
        row["prediction"] for row in csv.DictReader((folder / "answers.csv").read_text(encoding="utf-8").splitlines())
    ]
    lines = (folder / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    from_jsonl = [json.loads(line)["prediction"] for line in lines]
    from_parquet = pq.read_table(folder / "answers.parquet")["prediction"].to_pylist()
    assert from_csv == from_jsonl == from_parquet == [row["prediction"] for row in rows]
    truth = {"w": "weather", "f": "food", "s": "sport"}
    assert np.mean([row["prediction"] == truth[row["id"][0]] for row in rows]) > 0.8


def test_predict_json_and_sets_of_class_names(run, bundle, table):
    rows = json.loads(run("predict", bundle, table, "--json").out)
    assert len(rows) == 36
    assert all(row["prediction"] in row["prediction_set"] for row in rows)
    assert all(0 < row["probability"] <= 1 for row in rows)


def test_report_tells_the_decision(run, bundle):
    told = run("report", bundle)
    assert told.code == 0
    content = json.loads(run("report", bundle, "--json").out)
    assert content["decision"] in told.out.replace("\n", " ")


def test_methods_lists_cards(run):
    every = json.loads(run("methods", "--json").out)
    heads = json.loads(run("methods", "--room", "heads", "--json").out)
    assert {card["name"] for card in heads} >= {
        "ClassMean",
        "Linear",
        "NameSimilarity",
        "NamesAndShots",
        "GaussianDiscriminant",
    }
    assert len(heads) < len(every)
    assert "ClassMean" in run("methods").out
    assert "the room prompts has no method yet" in run("methods", "--room", "prompts").err
    wrong = run("methods", "--room", "attic")
    assert wrong.code == 2
    assert "room 'attic' is not known" in wrong.err


def test_encode_writes_vectors_that_fit_accepts(run, table):
    assert run("encode", table, "--text", "text", "--encoder", "hashed", "--out", "v.npy").code == 0
    vectors = np.load(table.parent / "v.npy")
    assert vectors.shape[0] == 36
    assert run("encode", table, "--text", "text", "--encoder", "hashed", "--out", "v.parquet").code == 0
    for file in ("v.npy", "v.parquet"):
        done = run("fit", table, "--text", "text", "--label", "topic", "--vectors", file, "--out", "given")
        assert done.code == 0
    answered = run("predict", "given", table, "--vectors", "v.npy")
    assert answered.code == 0
    refused = run("predict", "given", table)
    assert refused.code == 2
    assert "precomputed vectors" in refused.err


@pytest.mark.parametrize("verb", ["fit", "predict", "report", "classes", "methods", "encode", "bench"])
def test_help_shows_an_example(run, verb):
    done = run(verb, "--help")
    assert done.code == 0
    assert f"Example: modicum {verb}" in " ".join(done.out.split())


def test_version(run):
    assert run("--version").out.startswith("modicum 0.")


def test_quiet_when_not_a_terminal(run, table):
    assert run("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed").err == ""


def test_classes_are_listed(run, bundle):
    told = json.loads(run("classes", bundle, "--json").out)
    assert [row["class"] for row in told["classes"]] == ["food", "sport", "weather"]
    assert [row["labelled"] for row in told["classes"]] == [6, 6, 6]
    assert (told["bundle"], told["changed"]) == (None, [])
    assert "sport" in run("classes", bundle).out


def test_classes_are_renamed_removed_and_added_in_a_new_bundle(run, bundle, table):
    before = {file.name: file.read_bytes() for file in bundle.iterdir()}
    done = run("classes", bundle, "--rename", "food=what = eaten", "--remove", "weather", "--out", "two")
    assert done.code == 0
    assert "2 classes written to two" in done.out
    assert "Classes were changed after the fit: weather removed." in done.out
    assert "Classes were changed after the fit: food → what = eaten." in done.out
    assert done.err == ""
    rows = ["text", *(f"rain and storm with snow number {n}" for n in range(6))]
    (table.parent / "more.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    added = ("--add", "rainy weather", "--examples", "more.csv", "--description", "what falls from the sky")
    done = run("classes", "two", *added, "--rename", "what = eaten=meal", "--out", "two", "--json")
    told = json.loads(done.out)
    assert [row["class"] for row in told["classes"]] == ["meal", "sport", "rainy weather"]
    assert told["changed"][-1] == "rainy weather added"
    assert told["added"][0]["examples"] == 6
    answers = json.loads(run("predict", "two", table, "--json").out)
    assert {row["prediction"] for row in answers if row["id"].startswith("w")} >= {"rainy weather"}
    assert {file.name: file.read_bytes() for file in bundle.iterdir()} == before
    assert run("report", "two").code == 0


def test_an_index_that_goes_with_a_change_of_classes_is_told(run, table):
    made = ("--text", "text", "--label", "topic", "--encoder", "hashed", "--index", "--out", "topics")
    assert run("fit", table, *made).code == 0
    done = run("classes", "topics", "--rename", "food=meal", "--out", "topics", "--json")
    assert done.err == "The changed bundle has no index, and cannot be searched; fit again with --index for one.\n"
    assert not (table.parent / "topics" / "vectors.npy").exists()


def test_a_class_of_vectors(run, table):
    vectors = np.random.default_rng(0).normal(size=(36, 8)).astype(np.float32)
    np.save("v.npy", vectors)
    np.save("few.npy", vectors[:2] + 9)
    run("fit", table, "--text", "text", "--label", "topic", "--vectors", "v.npy", "--out", "given")
    (table.parent / "few.csv").write_text("text\none\ntwo\n", encoding="utf-8")
    add = ("--add", "far", "--examples", "few.csv", "--vectors", "few.npy", "--out", "given")
    assert run("classes", "given", *add).code == 0
    answers = json.loads(run("predict", "given", "few.csv", "--vectors", "few.npy", "--json").out)
    assert [row["prediction"] for row in answers] == ["far", "far"]
