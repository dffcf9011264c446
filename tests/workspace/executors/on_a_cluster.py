"""Runs on a Ray cluster of two nodes in processes of their own, one of which is killed in the middle of the first run.

Run by test_ray.py in a process that may open sockets: FOLDER, which holds a bundle, topics and tables.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from modicum import read
from modicum.workspace import Pool, Where, place_file, predict_file, select_file

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}
NONE = 77
"""Status where Ray's nodes do not start, for which it waits half a minute and no longer."""


def started():
    """A cluster of two nodes, and the second of them."""
    cluster = importlib.import_module("ray.cluster_utils").Cluster()
    try:
        cluster.add_node(**NODE, include_dashboard=False)
        return cluster, cluster.add_node(**NODE)
    except Exception as error:
        if "during startup" not in str(error):
            raise
        sys.exit(NONE)


def main(name):
    folder = Path(name)
    cluster, other = started()
    where, seen = Where(f"ray:{cluster.address}"), []

    def kill(stage, done, total):
        if len(seen) == 4:
            cluster.remove_node(other, allow_graceful=False)
        seen.append(done)

    table = folder / "table.csv"
    rows = predict_file(folder / "bundle", table, folder / "predict.csv", text="text", where=where, progress=kill)
    sys.stdout.write(f"{rows} rows, {len(seen)} partitions\n")
    place_file(folder / "topics", table, folder / "topics.csv", text="text", where=where)
    target = read(folder / "target.csv", text="text")
    select_file(Pool(table, "text"), 100, folder / "select.csv", target=target, where=where)
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
