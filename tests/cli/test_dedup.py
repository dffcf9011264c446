"""`modicum dedup`: what stays, what goes and why, an index for later tables, and clear refusals."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from tests.cli.test_bad_input import refused

ROWS = [
    ("a", "When will my new card arrive?", "train"),
    ("b", "WHEN WILL MY NEW CARD ARRIVE", "test"),
    ("c", "When wil my new card arive?", "train"),
    ("d", "Where is the refund for my top up", "train"),
    ("e", "the refund for my top up, where is it", "train"),
    ("f", "Where is the refund for my to", "test"),
    ("g", "", "train"),
    ("h", "", "test"),
]


@pytest.fixture
def copied(tmp_path):
    path = tmp_path / "copied.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "text", "part"), *ROWS])
    return path


def test_copies_are_told_with_ids_and_reasons(run, copied):
    found = json.loads(run("dedup", copied, "--text", "text", "--split", "part", "--json").out)
    assert (found["rows"], found["kept"], found["copies"], found["largest_group"]) == (8, 5, 3, 3)
    told = {one["id"]: (one["copy_of"], one["how"], one["where"]) for one in found["found"]}
    assert told == {
        "b": ("a", "nearly the same text", "table"),
        "c": ("a", "nearly the same text", "table"),
        "f": ("d", "nearly the same text", "table"),
    }
    assert found["copies_across_splits"] == ["a", "b", "c", "d", "f"]
    shown = run("dedup", copied, "--text", "text", "--split", "part").out
    assert "8 rows, 3 copies; 5 rows stay" in shown
    assert "5 rows have a copy in another split" in shown
    assert "--out FILE writes it without them" in shown


def test_one_copy_is_told_in_the_singular(run, tmp_path):
    (tmp_path / "two.csv").write_text("text,part\nrain and wind,train\nrain and wind,test\n", encoding="utf-8")
    done = run("dedup", "two.csv", "--text", "text")
    assert "2 rows, 1 copy; 1 row stays" in done.out


def test_the_rest_and_the_copies_are_written_and_the_table_is_left_alone(run, copied, tmp_path):
    before = copied.read_bytes()
    done = run("dedup", copied, "--text", "text", "--keep", "longest", "--out", "rest.csv", "--copies", "gone.jsonl")
    assert done.code == 0
    with (tmp_path / "rest.csv").open(encoding="utf-8") as stream:
        rest = list(csv.DictReader(stream))
    assert [row["id"] for row in rest] == ["a", "d", "e", "g", "h"]
    assert list(rest[0]) == ["id", "text", "part"]
    gone = [json.loads(line) for line in (tmp_path / "gone.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [one["id"] for one in gone] == ["b", "c", "f"]
    assert copied.read_bytes() == before
    assert "rows that stay written to rest.csv" in done.err
    assert "--out FILE writes it" not in done.out


def test_a_later_table_is_held_against_the_index(run, copied, tmp_path):
    assert run("dedup", copied, "--text", "text", "--index", "seen.index").code == 0
    later = tmp_path / "later.csv"
    later.write_text(
        "id,text\nx,my new card: when will arrive\ny,a new question\nz,a new question!\n", encoding="utf-8"
    )
    done = run("dedup", later, "--text", "text", "--against", "seen.index", "--index", "seen.index", "--json")
    found = json.loads(done.out)
    assert [(one["id"], one["copy_of"], one["where"]) for one in found["found"]] == [
        ("x", "a", "index"),
        ("z", "y", "table"),
    ]
    assert found["copies_of_stored_rows"] == 1
    again = json.loads(run("dedup", later, "--text", "text", "--against", "seen.index", "--json").out)
    assert again["kept"] == 0
    assert again["copies_of_stored_rows"] == 3
    assert "3 rows are copies of rows of the index" in run("dedup", later, "--against", "seen.index").out


def test_by_vectors(run, copied, tmp_path):
    X = np.eye(8)
    X[4] = X[3] + 0.1 * X[4]
    np.save(tmp_path / "X.npy", X)
    by = ("--text", "text", "--by", "vectors", "--vectors", "X.npy")
    found = json.loads(run("dedup", copied, *by, "--index", "v.index", "--json").out)
    assert [(one["id"], one["copy_of"]) for one in found["found"]] == [("e", "d")]
    assert found["found"][0]["how"] == "nearly the same, cosine 0.995"
    both = json.loads(run("dedup", copied, *by[:2], "--by", "both", *by[4:], "--json").out)
    assert [one["id"] for one in both["found"]] == ["b", "c", "e", "f"]
    known = json.loads(run("dedup", copied, *by, "--against", "v.index", "--json").out)
    assert known["kept"] == 0
    hashed = json.loads(run("dedup", copied, "--by", "vectors", "--encoder", "hashed", "--cosine", 0.7, "--json").out)
    assert hashed["kept"] < 8


def test_refusals(run, copied, tmp_path):
    assert refused(run("dedup", copied, "--by", "txt"), "way 'txt' is not known; did you mean 'text'?")
    assert refused(run("dedup", copied, "--keep", "last"), "rule of what to keep 'last' is not known")
    assert refused(run("dedup", copied, "--cosine", "3"), "cosine must lie strictly between 0 and 1, not 3.0")
    assert refused(run("dedup", copied, "--split", "prt"), "has no column 'prt' (--split); did you mean 'part'?")
    assert refused(run("dedup", copied, "--against", "none.index"), "there is no index at none.index")
    assert refused(run("dedup", copied, "--by", "both", "--encoder", "hashed", "--index", "x"), "--by text")
    run("dedup", copied, "--index", "t.index")
    by = ("--by", "vectors", "--encoder", "hashed", "--against", "t.index")
    assert refused(run("dedup", copied, *by), "made by text, not by vectors; ask with --by text")
    assert refused(run("dedup", copied, "--by", "both", "--encoder", "hashed", "--against", "t.index"), "--by vectors")
    (tmp_path / "t.index").write_bytes(b"no index")
    assert refused(run("dedup", copied, "--against", "t.index"), "cannot be read as an index", "make it again")
    assert refused(run("dedup", copied, "--out", "rest.xlsx"), "'.xlsx'")
