"""`modicum clean`: what is listed, what is written, that the table stays as it is, and clear refusals."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest

from modicum.cli.tables.clean import _sentences
from tests.cli.conftest import THEMES

COLUMNS = ["row", "id", "kind", "label", "suggestion", "credibility", "reason", "text"]


@pytest.fixture
def spoilt(tmp_path):
    """A table of 60 rows: row 6 is labelled wrongly, row 61 contradicts row 3, row 62 copies row 4."""
    rows = ["text,topic,part"]
    for theme, words in THEMES.items():
        for n in range(20):
            text = f"{words[n % 8]} {words[(n + 3) % 8]} {words[(n * 5 + 1) % 8]} {theme} nr {n}"
            rows.append(f"{text},{'sport' if (theme, n) == ('weather', 5) else theme},train")
    third, fourth = (line.split(",")[0] for line in rows[3:5])
    rows += [f"{third.upper()},food,test", f"{fourth}!,weather,test"]
    path = tmp_path / "spoilt.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def cleaned(run, path, *more):
    return run("clean", path, "--text", "text", "--label", "topic", "--encoder", "hashed", *more)


def test_it_prints_errors_conflicts_and_copies_with_reasons(run, spoilt):
    done = cleaned(run, spoilt)
    assert done.code == 0
    for told in (
        "probable errors",
        "Errors",
        "Conflicts",
        "Duplicates",
        "nearly the same text as",
        "expected to be wrong",
    ):
        assert told in done.out
    assert "row 61 holds the same text under food" in done.out


def test_json_holds_the_audit_and_every_finding(run, spoilt):
    found = json.loads(cleaned(run, spoilt, "--split", "part", "--json").out)
    assert list(found["findings"][0]) == COLUMNS
    by = {(one["kind"], one["row"]): one for one in found["findings"]}
    assert by["error", 6]["suggestion"] == "weather"
    assert by["error", 6]["credibility"] < 0.5
    assert by["conflict", 61]["reason"] == "row 3 holds the same text under weather"
    assert by["duplicate", 61]["reason"] == "a copy of row 3"
    assert ("duplicate", 62) in by
    assert found["audit"]["rows"] == 62
    assert set(found["audit"]["copies_across_splits"]) >= {"2", "60"}


def test_findings_are_written_and_the_table_is_left_alone(run, spoilt, tmp_path):
    before = spoilt.read_bytes()
    for ending in ("csv", "jsonl", "parquet"):
        done = cleaned(run, spoilt, "--out", f"found.{ending}")
        assert done.code == 0
        assert "findings written to" in done.err
    with (tmp_path / "found.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == COLUMNS
    assert pq.read_table(tmp_path / "found.parquet").num_rows == len(rows)
    assert spoilt.read_bytes() == before


def test_one_of_each_is_told_in_the_singular():
    facts = {"source": "t.csv", "rows": 1, "labelled": 1, "classes": 1, "errors": 1, "conflicts": 1, "duplicates": 1}
    facts |= {"judged": False, "mistakes": [], "classes_made_even": False, "copies_across_splits": ["0"]}
    said = _sentences(facts | {"shortcuts": []})
    assert said[0] == "t.csv: 1 row, 1 labelled, 1 class; 1 probable error, 1 conflicting row, 1 copy."
    assert said[-1] == "1 row has a copy in another split: figures flatter."


def test_a_clean_table_has_nothing_to_tell(run, tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("text,topic\nrain and wind,weather\nsoup with bread,food\n", encoding="utf-8")
    done = cleaned(run, path, "--json", "--out", "none.csv")
    assert done.code == 0
    found = json.loads(done.out)
    assert found["findings"] == []
    assert not found["audit"]["judged"]
    assert (tmp_path / "none.csv").read_text(encoding="utf-8").strip() == ",".join(COLUMNS)
    assert "Labels are too few to judge them" in cleaned(run, path).out


def test_refusals(run, spoilt, tmp_path):
    wrong = cleaned(run, spoilt, "--split", "prt")
    assert wrong.code == 2
    assert "has no column 'prt' (--split); did you mean 'part'?" in " ".join(wrong.err.split())
    bare = run("clean", spoilt, "--text", "text", "--encoder", "hashed")
    assert bare.code == 2
    assert "--label COL" in bare.err
    ending = cleaned(run, spoilt, "--out", "found.xlsx")
    assert ending.code == 2
    assert "'.xlsx'" in ending.err
