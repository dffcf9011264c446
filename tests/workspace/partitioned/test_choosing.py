"""Rows chosen in partitions: those of one process, row for row, whoever counts, however often it was killed."""

from __future__ import annotations

import importlib
import json
from functools import partial

import numpy as np
import pytest

from modicum.core import InputError
from modicum.data import read, stream, write_stream
from modicum.workspace import Pool, Where, select, select_file
from modicum.workspace.executors import InProcess, Sizes
from modicum.workspace.executors.processes import Processes
from modicum.workspace.partitioned import choosing

ROWS = 900
WORDS = ("rain", "storm", "soup", "bread", "goal", "match", "and", "the", "of")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A pool in a file, and rows that the choice should be like; partitions are small."""
    rng = np.random.default_rng(0)
    monkeypatch.setattr(choosing, "Sizes", lambda: Sizes(40, 100))
    texts = [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(ROWS)]
    pool = tmp_path / "pool.jsonl"
    pool.write_text("".join(json.dumps({"text": text, "n": n}) + "\n" for n, text in enumerate(texts)))
    return Pool(pool, "text"), read(["rain and storm", "the storm of rain", "rain of the rain"] * 5)


def chosen(monkeypatch, asked, out, workers=None, keep=100, **more):
    monkeypatch.setattr(Where, "workers", lambda self, many=True: workers or InProcess(1))
    return select_file(asked[0], keep, out, target=asked[1], **more)


@pytest.mark.parametrize("workers", [None, Processes(2)])
def test_the_choice_is_that_of_one_process(monkeypatch, asked, tmp_path, workers):
    whole = select(asked[0], 100, target=asked[1], seed=3)
    write_stream(whole.chosen(), tmp_path / "whole.csv")
    found = chosen(monkeypatch, asked, tmp_path / "out.csv", workers, seed=3)
    assert found.to_dict() == whole.to_dict()
    np.testing.assert_array_equal(found.selection.scores, whole.selection.scores)
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert {file.name for file in tmp_path.iterdir()} == {"pool.jsonl", "out.csv", "whole.csv"}


@pytest.mark.parametrize("moment", [3, 25])
def test_a_run_that_was_ended_goes_on(monkeypatch, asked, tmp_path, moment):
    """Ended while it counts, and while it weighs; another choice from the same pool takes what was counted."""
    stages = []

    def ending(stage, done, total):
        stages.append(stage)
        if len(stages) == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chosen(monkeypatch, asked, tmp_path / "out.csv", progress=ending)
    assert stages[-1] == ("count" if moment == 3 else "weigh")
    parts = {path: path.stat().st_mtime_ns for path in tmp_path.glob("out.csv.*.parts/0*")}
    assert len(parts) == moment
    seen = []

    def kept(stage, done, total):
        seen.append(all(path.stat().st_mtime_ns == time for path, time in parts.items()))

    found = chosen(monkeypatch, asked, tmp_path / "out.csv", keep=50, seed=1, progress=kept)
    assert all(seen)
    whole = select(asked[0], 50, target=asked[1], seed=1)
    assert found.selection.rows.tolist() == whole.selection.rows.tolist()
    assert not list(tmp_path.glob("out.csv.*"))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_chunks_of_which_nothing_is_chosen_leave_no_trace(monkeypatch, asked, tmp_path, ending):
    whole, out = select(asked[0], 1, target=asked[1], seed=2), tmp_path / f"out.{ending}"
    row = whole.selection.rows.tolist()[0]
    assert row > 10
    room = importlib.import_module("modicum.workspace.rows.select")
    monkeypatch.setattr(room, "stream", partial(stream, chunk_rows=10))
    chosen(monkeypatch, asked, out, keep=1, seed=2)
    written = read(out, text="text")
    assert [int(n) for n in written.columns["n"]] == [row]
    assert list(written.columns) == ["text", "n", "weight", "score"]


def test_refusals(monkeypatch, asked, tmp_path):
    with pytest.raises(InputError, match="901 rows are wanted of a pool of 900"):
        chosen(monkeypatch, asked, tmp_path / "out.csv", keep=901)
    with pytest.raises(InputError, match="a table is written as"):
        chosen(monkeypatch, asked, tmp_path / "out.txt")
    with pytest.raises(InputError, match="at least one row must be kept, not 0"):
        chosen(monkeypatch, asked, tmp_path / "out.csv", keep=0)
    with pytest.raises(InputError, match="the target holds no word"):
        chosen(monkeypatch, (asked[0], read([" ", "  "])), tmp_path / "out.csv")
