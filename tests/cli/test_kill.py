"""A kill -9 at any moment of `fit` leaves the old bundle whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import numpy as np

import modicum
from tests.cli.conftest import lines


def start(table, folder):
    command = [sys.executable, "-m", "modicum", "fit", str(table), "--text", "text", "--label", "topic"]
    return subprocess.Popen(
        [*command, "--encoder", "hashed", "--out", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_old_bundle_survives_kills(tmp_path):
    table = tmp_path / "items.csv"
    table.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    folder = tmp_path / "topics"
    began = time.perf_counter()
    assert start(table, folder).wait() == 0
    whole = time.perf_counter() - began
    text = ["about rain and storm"]
    before = modicum.load(folder).predict(text).probabilities
    for share in (0.3, 0.7, 0.9, 0.97, 1.0):
        process = start(table, folder)
        time.sleep(share * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        np.testing.assert_allclose(modicum.load(folder).predict(text).probabilities, before, atol=1e-5)
    assert start(table, folder).wait() == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"items.csv", "topics"}, "leftovers are swept by the next run"
