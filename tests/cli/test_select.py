"""`modicum select`: rows that are like a target, or varied, with weights; and clear refusals."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from tests.cli.conftest import THEMES
from tests.cli.test_bad_input import refused


@pytest.fixture
def pool(tmp_path):
    """300 rows, a third about each theme in turn; and a target about the weather."""
    words = list(THEMES.values())
    rows = ["id,text"]
    rows += [f"r{n},{words[n % 3][n % 8]} and {words[n % 3][(n * 5 + 1) % 8]} number {n}" for n in range(300)]
    (tmp_path / "pool.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    target = ["text", *(f"{one} and {other}" for one in words[0] for other in words[0])]
    (tmp_path / "target.csv").write_text("\n".join(target) + "\n", encoding="utf-8")
    return tmp_path / "pool.csv"


@pytest.mark.parametrize("by", ["ngrams", "quality", "nearest"])
def test_rows_like_the_target_come_with_ids_weights_and_scores(run, pool, by):
    more = () if by == "ngrams" else ("--encoder", "hashed")
    done = run("select", pool, "--target", "target.csv", "--keep", 60, "--by", by, *more, "--json")
    assert done.code == 0
    found = json.loads(done.out)
    assert (found["by"], found["kept"]) == (by, 60)
    assert np.mean([int(one["id"][1:]) % 3 == 0 for one in found["rows"]]) > 0.9
    assert all(one["row"] == int(one["id"][1:]) + 1 for one in found["rows"])
    assert np.mean([one["weight"] for one in found["rows"]]) == pytest.approx(1)


@pytest.mark.parametrize("by", ["diverse", "bins"])
def test_varied_rows_need_no_target(run, pool, by):
    found = json.loads(run("select", pool, "--keep", 30, "--by", by, "--encoder", "hashed", "--json").out)
    themes = np.bincount([int(one["id"][1:]) % 3 for one in found["rows"]], minlength=3)
    assert themes.min() >= 4


def test_the_choice_is_written_with_its_own_columns_or_shown(run, pool, tmp_path):
    asked = ("select", pool, "--target", "target.csv", "--keep", 20, "--text", "text")
    done = run(*asked, "--out", "chosen.jsonl")
    assert done.code == 0
    assert "20 rows written to chosen.jsonl" in done.err
    assert "nats nearer to the target than the pool of 300 rows" in done.err
    few = run("select", pool, "--target", "target.csv", "--keep", 1, "--text", "text")
    assert "nats farther from the target than the pool of 300 rows" in few.err
    chosen = [json.loads(line) for line in (tmp_path / "chosen.jsonl").read_text(encoding="utf-8").splitlines()]
    assert list(chosen[0]) == ["id", "text", "weight", "score"]
    assert run(*asked, "--out", "again.jsonl", "--executor", "local", "--threads", 1).code == 0
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "chosen.jsonl").read_bytes()
    shown = list(csv.DictReader(io.StringIO(run(*asked).out)))
    assert [row["id"] for row in shown] == [row["id"] for row in chosen]


def test_precomputed_vectors(run, pool, tmp_path):
    np.save(tmp_path / "X.npy", np.eye(3)[np.arange(300) % 3] + 1e-3)
    np.save(tmp_path / "T.npy", np.eye(3)[np.zeros(64, int)])
    asked = ("select", pool, "--target", "target.csv", "--keep", 100, "--by", "nearest", "--vectors", "X.npy", "--json")
    found = json.loads(run(*asked, "--target-vectors", "T.npy").out)
    assert {int(one["id"][1:]) % 3 for one in found["rows"]} == {0}
    assert refused(run(*asked), "the target none; give --target-vectors, too")


def test_refusals(run, pool, tmp_path):
    target = ("--target", "target.csv")
    assert refused(run("select", pool, "--keep", 301, *target), "301 rows are wanted of a pool of 300; keep fewer")
    assert refused(run("select", pool, "--keep", 0, *target), "at least one row must be kept, not 0")
    assert refused(run("select", pool, "--keep", 5), "needs rows to be like; name them with --target")
    assert refused(run("select", pool, "--keep", 5, "--by", "bins", *target), "leave --target out")
    assert refused(run("select", pool, "--keep", 5, "--by", "ngram", *target), "did you mean 'ngrams'?")
    (tmp_path / "none.csv").write_text("text\n", encoding="utf-8")
    assert refused(run("select", pool, "--keep", 5, "--target", "none.csv"), "none.csv has no rows")
    (tmp_path / "blank.csv").write_text('text\n""\n" "\n', encoding="utf-8")
    assert refused(run("select", pool, "--keep", 5, "--target", "blank.csv"), "the target holds no word")
    assert refused(run("select", "-", "--keep", 5, *target), "a pipe only once; write it to a file first")
    for more in (("--out", "x.csv", "--by", "nearest"), ()):  # by vectors, and to standard output
        assert refused(run("select", pool, "--keep", 5, *target, "--executor", "ray", *more), "needs a pool in a file")
