"""`modicum topics`: what is shown and written, kept ids, edits, classes for a fit, refusals."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture
def themes(run, table):
    """Topics of the table of three themes, found with the encoder that needs no weights."""
    done = run("topics", table, "--text", "text", "--encoder", "hashed", "--topics", 3, "--out", "themes")
    assert done.code == 0, done.err
    return done


def rows(folder):
    with (folder / "rows.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_it_tells_topics_and_writes_the_folder(themes, tmp_path):
    for told in ("36 rows, 3 topics", "land in the same topic", "lie far from every topic", "found", "words"):
        assert told in themes.out
    assert {path.name for path in (tmp_path / "themes").iterdir()} == {
        "rows.csv",
        "classes.yaml",
        "topics.html",
        "topics.json",
        "topics.safetensors",
    }
    found = rows(tmp_path / "themes")
    assert len(found) == 36
    assert {row["id"][0] for row in found} == {"w", "f", "s"}


def test_one_topic_and_one_empty_row_are_told_in_the_singular(run, table, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text(table.read_text(encoding="utf-8") + "x1,,\n", encoding="utf-8")
    done = run("topics", more, "--text", "text", "--encoder", "hashed", "--topics", 1, "--out", "one")
    assert "37 rows, 1 topic;" in done.out
    assert "1 row is empty and has no topic." in done.out


def test_what_it_says_to_do_next_can_be_done(run, themes):
    said = next(line for line in themes.out.splitlines() if line.startswith("Use them as classes: modicum fit "))
    done = run(*said.partition("modicum ")[2].split(), "--encoder", "hashed", "--budget", "1s", "--out", "fitted")
    assert done.code == 0, done.err


def test_previous_keeps_ids_and_edits(run, themes, table, tmp_path):
    more = tmp_path / "more.csv"
    more.write_text(table.read_text(encoding="utf-8") + "x1,about rain and wind with storm,\n", encoding="utf-8")
    name = rows(tmp_path / "themes")[0]["topic_name"]
    done = run(
        *("topics", more, "--text", "text", "--previous", "themes", "--out", "next"),
        *("--rename", f"{name}=climate", "--json"),
    )
    assert done.code == 0, done.err
    before, after = rows(tmp_path / "themes"), rows(tmp_path / "next")
    assert [row["topic"] for row in after[:36]] == [row["topic"] for row in before]
    assert after[0]["topic_name"] == "climate"
    told = json.loads(done.out)
    assert told["figures"]["new"] == 0
    assert "map" not in told
    merged = run("topics", more, "--text", "text", "--previous", "next", "--merge", "0,1", "--out", "third")
    assert merged.code == 0, merged.err
    assert len({row["topic"] for row in rows(tmp_path / "third")}) == 2
    split = run("topics", more, "--text", "text", "--previous", "third", "--split", "0=2")
    assert split.code == 0, split.err
    assert len({row["topic"] for row in rows(tmp_path / "third")}) == 3


def test_topics_become_the_classes_of_a_fit(run, themes, tmp_path):
    done = run(
        *("fit", tmp_path / "themes" / "rows.csv", "--text", "text", "--label", "topic_name", "--encoder", "hashed"),
        *("--classes", tmp_path / "themes" / "classes.yaml", "--budget", "1s", "--out", "fitted"),
    )
    assert done.code == 0, done.err


def test_topics_of_some_rows_are_given_to_all(run, table, tmp_path):
    asked = ("topics", table, "--text", "text")
    done = run(*asked, "--encoder", "hashed", "--topics", 3, "--sample", 20, "--out", "some", "--assign", "all.csv")
    assert done.code == 0, done.err
    assert "20 rows, 3 topics" in done.out
    assert "36 rows written to all.csv" in done.err
    assert len(rows(tmp_path / "some")) == 20
    with (tmp_path / "all.csv").open(encoding="utf-8") as stream:
        told = {row["id"]: row["topic"] for row in csv.DictReader(stream)}
    assert len(told) == 36
    assert all(told[row["id"]] == row["topic"] for row in rows(tmp_path / "some"))
    again = run(*asked, "--previous", "some", "--assign", "again.csv", "--executor", "local", "--json")
    assert json.loads(again.out) == {"folder": "some", "file": "again.csv", "rows": 36}
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "all.csv").read_bytes()


def test_one_topic_that_was_asked_for_is_told_without_advice(run, table):
    done = run("topics", table, "--text", "text", "--encoder", "hashed", "--topics", 1)
    assert done.code == 0, done.err
    assert "36 rows, 1 topic; encoder hashed" in done.out
    assert "--topics N" not in done.out


def test_refusals(run, table):
    def refused(*more):
        done = run("topics", table, "--text", "text", "--encoder", "hashed", *more)
        assert done.code == 2
        return " ".join(done.err.split())

    assert "--topics 'few' is no number of topics; write one such as 20, or auto" in refused("--topics", "few")
    assert "--topics '²' is no number of topics" in refused("--topics", "²")
    twice = ("--rename", "soup=a", "--rename", "soup=b")
    assert "--rename names the topic 'soup' twice; name it once" in refused(*twice)
    assert "--split names the topic '1' twice; name it once" in refused("--split", "1", "--split", "1=3")
    assert "37 topics were asked for of 36 rows" in refused("--topics", 37)
    assert "holds no topics" in refused("--previous", "nowhere")
    assert "does not say old and new name; write OLD=NEW" in refused("--rename", "soup")
    assert "name their folder with --previous DIR" in refused("--merge", "1,2")
    assert "say with --assign FILE where these go" in refused("--executor", "ray")
    assert "takes topics as they are" in refused("--previous", "themes", "--assign", "all.csv", "--topics", 3)
    assert "give a file of rows, and no --vectors" in refused("--assign", "all.csv", "--vectors", "X.npy")
    assert "leave --vectors out, or --sample" in refused("--sample", 5, "--vectors", "X.npy")
    assert "a sample must have at least one row, not 0" in refused("--sample", 0)
