"""BERTopic with its defaults on given vectors: V-measure, seconds, share outside all topics, number of topics.

Run in an environment with requirements-topics.txt; `modicum bench topics` calls it where MODICUM_PEER_PYTHON names that
environment's Python. Reads a folder of npz files (X, codes, texts, runs); prints {file: {figure: [one per run]}}. The
rows outside all topics count as one group. A first run, in which its parts are compiled, is not counted.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from bertopic import BERTopic
from sklearn.metrics import v_measure_score


def measure(file: Path) -> dict[str, list[float]]:
    """All figures of one file's arrays, run by run."""
    cell = np.load(file, allow_pickle=False)
    texts = cell["texts"].tolist()
    BERTopic().fit_transform(texts, cell["X"])
    out: dict[str, list[float]] = {"v": [], "seconds": [], "outside": [], "topics": []}
    for _ in range(int(cell["runs"])):
        start = time.perf_counter()
        topics = np.array(BERTopic().fit_transform(texts, cell["X"])[0])
        out["seconds"].append(round(time.perf_counter() - start, 3))
        out["v"].append(round(float(v_measure_score(cell["codes"], topics)), 5))
        out["outside"].append(round(float((topics == -1).mean()), 5))
        out["topics"].append(float(len(set(topics.tolist()) - {-1})))
    return out


if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.npz"))
    sys.stdout.write(json.dumps({file.stem: measure(file) for file in files}) + "\n")
