"""faiss's flat index and hnswlib on given vectors, one thread each, in processor time.

Run in an environment with requirements-index.txt; `modicum bench index` calls it where MODICUM_PEER_PYTHON names that
environment's Python. Reads a folder of npz files: flat (X, queries) and mixture (X, queries, true); prints for the one
{seconds}, and for the other {built, curve} with a curve of recall and queries a second. hnswlib has its usual M of 16
and 200 candidates while building.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import faiss  # reads the variable above
import hnswlib
import numpy as np

K, ROUNDS = 10, 3
CANDIDATES = (10, 15, 20, 25, 30, 40, 60, 80, 120)


def seconds(search: Callable[[], Any]) -> float:
    """Processor time of one search, the median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        search()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


def flat(X: Any, queries: Any) -> dict[str, float]:
    """Seconds of faiss's exact search by inner products."""
    index = faiss.IndexFlatIP(X.shape[1])
    index.add(X)
    return {"seconds": seconds(lambda: index.search(queries, K))}


def mixture(X: Any, queries: Any, true: Any) -> dict[str, Any]:
    """Seconds to build hnswlib's graph, and its recall and queries a second for numbers of candidates."""
    graph = hnswlib.Index("ip", X.shape[1])
    graph.init_index(len(X), M=16, ef_construction=200, random_seed=0)
    graph.set_num_threads(1)
    start = time.process_time()
    graph.add_items(X)
    built, curve = time.process_time() - start, []
    for count in CANDIDATES:
        graph.set_ef(count)
        found = graph.knn_query(queries, K)[0].astype(np.int64)
        recall = float((found[:, :, None] == true[:, None, :]).any(axis=1).mean())
        curve.append([recall, len(queries) / seconds(lambda: graph.knn_query(queries, K))])
    return {"built": built, "curve": curve}


if __name__ == "__main__":
    cells = {file.stem: np.load(file, allow_pickle=False) for file in Path(sys.argv[1]).glob("*.npz")}
    measures = {"flat": flat, "mixture": mixture}
    sys.stdout.write(json.dumps({name: measures[name](**cell) for name, cell in cells.items()}) + "\n")
