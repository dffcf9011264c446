"""`modicum store`, and other verbs on a store."""

from __future__ import annotations

import csv
import json

import pytest

from modicum.cli import options
from tests.encoders import tiny

STORE = "lance://items"
THEMES = {"card": "my card is lost", "pin": "where is the new pin", "other": "the new a"}


def lines(labels=6):
    """CSV lines of 36 rows in words that the tiny encoder knows, partly labelled."""
    rows = [
        f"{theme[0]}{n},{' '.join([text, *tiny.WORDS[4 + n // 6 : 6 + n // 3]])} {n},{theme if n < labels else ''}"
        for theme, text in THEMES.items()
        for n in range(12)
    ]
    return ["id,text,topic", *rows]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def store(run, table, tmp_path):
    pytest.importorskip("lancedb", reason="the extra `store` is not installed")
    folder = tiny.save_sentence_encoder(tmp_path / "tiny")
    done = run("store", STORE, "--add", table, "--text", "text", "--label", "topic", "--encoder", folder)
    assert done.code == 0, done.err
    assert "36 rows read: 36 new" in done.out
    return STORE


def test_facts_versions_and_a_second_add(run, store, tmp_path):
    (tmp_path / "more.csv").write_text("\n".join([*lines(labels=7), "n1,something new,"]) + "\n", encoding="utf-8")
    done = json.loads(run("store", store, "--add", "more.csv", "--json").out)
    assert (done["new"], done["encoded"], done["changed_labels"]) == (1, 1, 3)
    facts = json.loads(run("store", store, "--json").out)
    assert (facts["rows"], facts["labelled"], facts["label"], facts["dimension"]) == (37, 21, "topic", 6)
    assert "37 rows; columns: id, text, topic" in run("store", store).out
    told = run("store", store, "--versions").out
    assert "rows added: 36" in told
    assert "labels changed: 3" in told
    assert [one["version"] for one in json.loads(run("store", store, "--versions", "--json").out)] == [1, 2, 3, 4]
    assert "Version 2 is the latest again, as version 5; 36 rows" in run("store", store, "--restore", 2).out
    assert "small files: 1 before, 1 now" in run("store", store, "--compact", "--forget", 30).out


def test_verbs_take_a_store_for_a_file(run, store, table, tmp_path):
    fitted = run("fit", store, "--budget", "2s", "--out", "topics")
    assert fitted.code == 0, fitted.err
    of_store = run("predict", "topics", store)
    assert of_store.code == 0, of_store.err
    assert of_store.out == run("predict", "topics", table).out
    found = json.loads(run("search", store, "--like", "c0", "--mode", "dense", "--json").out)
    assert len(found["hits"]) == 10
    assert run("clean", store, "--json").code == 0
    assert run("encode", store, "--out", "v.npy", "--json").code == 0
    text = lines()[1].split(",")[1]
    (tmp_path / "answers.csv").write_text(f"text,label\n{text},pin\n", "utf-8")
    done = run("label", store, "--import", "answers.csv", "--export", "labels.csv")
    assert done.code == 0, done.err
    assert "1 label of lance://items changed" in done.err
    rows = json.loads(run("search", store, "card", "--mode", "lexical", "--filter", "topic=pin", "--json").out)
    assert "c0" in {hit["id"] for hit in rows["hits"]}
    before = run("search", f"{store}?version=2", "card", "--mode", "lexical", "--filter", "topic=pin", "--json")
    assert "c0" not in {hit["id"] for hit in json.loads(before.out)["hits"]}
    assert (tmp_path / "items.labels.jsonl").exists()
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["id"]: row["topic"] for row in csv.DictReader(stream)}["c0"] == "pin"


def test_refusals(run, store, table):
    def refused(*arguments):
        done = run("store", *arguments)
        assert done.code == 2
        return " ".join(done.err.split())

    assert "items is not a store; write lance://FOLDER" in refused("items")
    assert "there is no store lance://none; make it with: modicum store lance://none --add FILE" in refused(
        "lance://none"
    )
    assert "--add and --versions are two things" in refused(store, "--add", table, "--versions")
    assert "--forget goes with --compact" in refused(store, "--forget", 3)
    assert "has no version 9" in refused(store, "--restore", 9)


def test_what_is_made_of_a_store_bears_its_name():
    assert options.stem("lance:///data/tickets?table=mails") == "tickets"
