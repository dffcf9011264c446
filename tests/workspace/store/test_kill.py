"""A kill -9 in the middle of an add: what was told to be there is there, the store is whole, and the add can go on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from modicum.core.errors import InputError
from modicum.data.read import read
from modicum.workspace.store import add_rows
from tests.workspace.store.adder import Fake, vectors

pytest.importorskip("lancedb", reason="the extra `store` is not installed")
ROWS = 3_000


def start(store, table):
    command = [sys.executable, str(Path(__file__).with_name("adder.py")), store, str(table)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_nothing_that_was_told_is_lost(tmp_path):
    table, store = tmp_path / "rows.csv", f"lance://{tmp_path}/store"
    table.write_text("id,text\n" + "".join(f"r{n},text {n}\n" for n in range(ROWS)), encoding="utf-8")
    texts = tuple(f"text {n}" for n in range(ROWS))
    held = 0
    for parts, pause in ((3, 0.0), (20, 0.013)):
        with start(store, table) as process:
            try:
                told = [int(process.stdout.readline()) for _ in range(parts)]
                with pytest.raises(InputError, match="another modicum is writing"):
                    add_rows(store, str(table), encoder=Fake())
                time.sleep(pause)
            finally:
                process.send_signal(signal.SIGKILL)
            rest = [int(line) for line in process.stdout.read().split("\n")[:-1]]
        found = read(store)
        assert len(found) >= max([held, told[-1], *rest])
        held = len(found)
        assert held < ROWS, "it was to be killed in the middle"
        assert found.texts == texts[:held]
        np.testing.assert_array_equal(found.stored.read(), vectors(texts[:held]))
    encoder = Fake()
    done = add_rows(store, str(table), encoder=encoder)
    assert (done.rows, done.new) == (ROWS, ROWS - held)
    assert read(store).texts == texts
    np.testing.assert_array_equal(read(store).stored.read(), vectors(texts))
