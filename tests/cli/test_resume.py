"""A kill -9 in the middle of `predict`: the same command goes on, and ends with the same rows, each once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np

import modicum
from tests.encoders.tiny import save_sentence_encoder

ROWS = 30_000


def start(*arguments):
    command = [sys.executable, "-m", "modicum", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def test_a_killed_run_goes_on(run, bundle, tmp_path):
    many, out = tmp_path / "many.csv", tmp_path / "answers.csv"
    words = ("rain", "soup", "goal", "storm", "bread")
    many.write_text("text\n" + "".join(f"about {words[n % 5]} number {n}\n" for n in range(ROWS)), encoding="utf-8")
    process, folder = start("predict", bundle, many, "--out", out, "--threads", "2"), tmp_path / "answers.csv.parts"
    limit = time.monotonic() + 300
    while len(list(folder.glob("0*"))) < 3 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    kept = {file.name: file.stat().st_mtime_ns for file in folder.glob("0*")}
    assert len(kept) >= 3
    assert run("predict", bundle, many, "--out", out, "--threads", "1").code == 0
    assert not folder.exists()
    ids = [int(line.split(",", 1)[0]) for line in out.read_text(encoding="utf-8").splitlines()[1:]]
    assert ids == list(range(ROWS))
    other = tmp_path / "other.csv"
    assert run("predict", bundle, many, "--out", other, "--threads", "1").code == 0
    assert other.read_bytes() == out.read_bytes()


def test_encode_in_partitions_is_encode(run, tmp_path):
    folder = save_sentence_encoder(tmp_path / "tiny")
    table = tmp_path / "rows.csv"
    table.write_text("id,text\n" + "".join(f"r{n},number {n}\n" for n in range(700)), encoding="utf-8")
    for ending in ("npy", "parquet"):
        asked = ("encode", table, "--encoder", folder, "--out", f"v.{ending}")
        assert "700 vectors" in run(*asked).err
    texts = [f"number {n}" for n in range(700)]
    np.testing.assert_allclose(np.load("v.npy"), modicum.encode(texts, folder), atol=1e-6)
    ids = [f"r{n}" for n in range(700)]
    np.testing.assert_array_equal(modicum.encoders.read_vectors("v.parquet", 700, ids), np.load("v.npy"))


def test_a_cluster_is_refused_where_there_is_nothing_to_share_out(run, bundle, table):
    refused = run("predict", bundle, table, "--executor", "ray")
    assert refused.code == 2
    assert "needs texts in a file that can be read again, and --out FILE" in refused.err
    assert run("predict", bundle, table, "--executor", "spark", "--out", "a.csv").code == 2
    hashed = run("encode", table, "--text", "text", "--encoder", "hashed", "--out", "v.npy", "--executor", "ray")
    assert "an encoder that is not fitted on them" in hashed.err
