"""A run on a Ray cluster of two nodes in processes of their own, one of which is killed in the middle.

Run by test_ray.py in a process that may open sockets: BUNDLE TABLE OUT.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from modicum.workspace import Where, predict_file

NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


def main(bundle, table, out):
    cluster = importlib.import_module("ray.cluster_utils").Cluster()
    cluster.add_node(**NODE, include_dashboard=False)
    other = cluster.add_node(**NODE)
    where, seen = Where(f"ray:{cluster.address}"), []

    def kill(stage, done, total):
        if len(seen) == 4:
            cluster.remove_node(other, allow_graceful=False)
        seen.append(done)

    rows = predict_file(bundle, table, Path(out), text="text", where=where, progress=kill)
    sys.stdout.write(f"{rows} rows, {len(seen)} partitions\n")
    cluster.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
