"""On a real Ray cluster: a node is killed in the middle, and every row is there once, as where there is no cluster."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modicum import read
from modicum.core import InputError
from modicum.workspace import Where, fit, predict_file
from modicum.workspace.ladder.recipes import RECIPES

ROWS = 8_000
CHEAP = tuple(recipe for recipe in RECIPES if recipe.name == "names + shots")
# Nodes at the loopback address alone; times for machines that do much else.
RAY = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "120000",
    "RAY_worker_register_timeout_seconds": "120",
}


def test_executors_that_are_not_there_are_refused(monkeypatch):
    with pytest.raises(InputError, match="executor 'spark' is not known; write local, ray or ray:ADDRESS"):
        Where("spark")
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "modicum.workspace.executors.ray", raising=False)
    with pytest.raises(InputError, match=r"install it with: pip install 'modicum\[ray\]'"):
        Where("ray:10.0.0.1:6379").workers()


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray: pip install 'modicum[ray]'")
def test_a_node_is_killed_in_the_middle(tmp_path):
    texts = [f"about {word} number {n}" for n in range(ROWS // 2) for word in ("rain", "soup")]
    few = read({"text": texts[:40], "label": ["weather", "food"] * 10 + [None] * 20}, text="text", label="label")
    fit(few, encoder="hashed", recipes=CHEAP, map_points=0).save(tmp_path / "bundle")
    table = tmp_path / "table.csv"
    table.write_text("text\n" + "".join(f"{text}\n" for text in texts), encoding="utf-8")
    assert predict_file(tmp_path / "bundle", table, tmp_path / "here.csv", where=Where(threads=1)) == ROWS
    script = Path(__file__).with_name("on_a_cluster.py")
    command = [sys.executable, str(script), str(tmp_path / "bundle"), str(table), str(tmp_path / "there.csv")]
    done = subprocess.run(command, env={**os.environ, **RAY}, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"{ROWS} rows, 12 partitions" in done.stdout
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
