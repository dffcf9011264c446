"""On a real Ray cluster, one node of which is killed: every row is there once, as where there is no cluster."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from modicum import read
from modicum.core import InputError
from modicum.data import write_stream
from modicum.workspace import (
    Pool,
    TopicSettings,
    Where,
    fit,
    place_file,
    predict_file,
    save_topics,
    select,
    topics_of,
)
from modicum.workspace.ladder.recipes import RECIPES

ROWS = 8_000
NONE = 77
"""Status of the script where nodes do not start."""
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


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """A folder of what was made on a cluster, and what the cluster said; made once, since nodes start slowly."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs Ray: pip install 'modicum[ray]'")
    folder = tmp_path_factory.mktemp("cluster")
    texts = [f"about {word} number {n}" for n in range(ROWS // 2) for word in ("rain", "soup")]
    for name, some in (("table", texts), ("target", texts[:200:2])):
        (folder / f"{name}.csv").write_text("text\n" + "".join(f"{text}\n" for text in some), encoding="utf-8")
    few = read({"text": texts[:40], "label": ["weather", "food"] * 10 + [None] * 20}, text="text", label="label")
    fit(few, encoder="hashed", recipes=CHEAP, map_points=0).save(folder / "bundle")
    save_topics(topics_of(few, encoder="hashed", settings=TopicSettings(topics=2, map_points=0)), folder / "topics")
    script = Path(__file__).with_name("on_a_cluster.py")
    command, given = [sys.executable, str(script), str(folder)], {**os.environ, **RAY}
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == NONE:
        pytest.skip("the nodes of a Ray cluster do not start here within half a minute")
    assert done.returncode == 0, done.stderr[-4000:]
    return folder, done.stdout


def test_a_node_is_killed_in_the_middle(there, tmp_path):
    folder, said = there
    asked = folder / "bundle", folder / "table.csv", tmp_path / "here.csv"
    assert predict_file(*asked, where=Where(threads=1)) == ROWS
    assert f"{ROWS} rows, 16 partitions" in said
    assert "raylet" not in said  # what Ray prints of nodes goes where progress goes
    assert (folder / "predict.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_topics_are_those_of_one_process(there, tmp_path):
    folder, _ = there
    asked = folder / "topics", folder / "table.csv", tmp_path / "here.csv"
    assert place_file(*asked, text="text", where=Where(threads=1)) == ROWS
    assert (folder / "topics.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()


def test_the_choice_is_that_of_one_process(there, tmp_path):
    folder, _ = there
    target = read(folder / "target.csv", text="text")
    write_stream(select(Pool(folder / "table.csv", "text"), 100, target=target).chosen(), tmp_path / "here.csv")
    assert (folder / "select.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
