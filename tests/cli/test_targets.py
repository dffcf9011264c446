"""Several labels a row and numbers, as the user of the command line meets them."""

from __future__ import annotations

import csv
import io
import json
import warnings

import pytest


@pytest.fixture
def items(tmp_path):
    """A table of 40 rows whose labels and numbers are told by their words; the last 10 are unlabelled."""
    path = tmp_path / "items.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "text", "tags", "wet", "meal", "price"])
        for n in range(40):
            wet, meal = n % 2, n // 2 % 2
            text = f"{'rain and storm' if wet else 'sun'} with {'soup and bread' if meal else 'a goal'} number {n}"
            tags = "|".join(["wet"] * wet + ["meal"] * meal) or "|"
            known = [tags, wet, meal, 10 + 5 * wet + meal + n / 100] if n < 30 else ["", "", "", ""]
            writer.writerow([f"r{n}", text, *known])
    return path


HOW = ("--encoder", "hashed", "--text", "text", "--budget", "20s")


def rows_of(outcome):
    return list(csv.DictReader(io.StringIO(outcome.out)))


def test_labels_with_a_separator_go_through_fit_and_predict(run, items):
    done = run("fit", items, *HOW, "--label", "tags", "--separator", "|", "--out", "tags")
    assert done.code == 0, done.err
    assert "micro F1" in done.out
    assert "2 labels" in done.out
    told = rows_of(run("predict", "tags", items))
    assert list(told[0])[:5] == ["id", "prediction", "probability", "prediction_set", "unknown"]
    assert {row["prediction"] for row in told} <= {"", "wet", "meal", "wet|meal", "meal|wet"}
    assert set(told[33]["prediction"].split("|")) == {"wet"} or told[33]["prediction_set"]


def test_several_columns_are_the_same_task(run, items):
    done = run("fit", items, *HOW, "--label", "wet", "--label", "meal", "--out", "tags", "--json")
    report = json.loads(done.out)
    assert report["target"]["kind"] == "labels"
    assert report["data"]["class_counts"] == {"meal": 14, "wet": 15}


def test_numbers_go_through_fit_and_predict(run, items):
    done = run("fit", items, *HOW, "--label", "price", "--target", "number", "--out", "prices")
    assert done.code == 0, done.err
    assert "mean absolute error" in done.out
    told = rows_of(run("predict", "prices", items))
    assert list(told[0])[:4] == ["id", "prediction", "low", "high"]
    assert all(float(row["low"]) <= float(row["prediction"]) <= float(row["high"]) for row in told)
    assert "variance explained" in run("report", "prices").out


def test_numbers_that_are_not_asked_for_stay_classes(run, items):
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = run("fit", items, *HOW, "--label", "price", "--out", "prices")
    assert done.code == 0
    assert "for a numeric target give --target number" in done.err


def test_what_is_wrong_is_said_in_a_sentence(run, items):
    done = run("fit", items, *HOW, "--label", "tags", "--target", "number")
    assert done.code == 2
    assert "which is no number" in done.err
    done = run("fit", items, *HOW, "--label", "tags", "--separator", "|", "--target", "number")
    assert done.code == 2
    assert "leave out --separator" in done.err
