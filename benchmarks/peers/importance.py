"""Log importance weights by the authors' package data-selection on given lines, and its seconds in one process.

Run in an environment with requirements-importance.txt; `modicum bench select` calls it where MODICUM_PEER_PYTHON names
that environment's Python. Reads a folder of npz files (pool and target as bytes by line); prints {file: {seconds,
weights}}.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from data_selection import HashedNgramDSIR


def measure(file: Path) -> dict[str, object]:
    """Weights of one file's pool. Reading the lines is left out of the seconds."""
    cell = np.load(file, allow_pickle=False)
    lines = {name: cell[name].tobytes().decode().split("\n") for name in ("pool", "target")}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        told = {"raw_load_dataset_fn": lines.get, "target_load_dataset_fn": lines.get}
        parse = {"raw_parse_example_fn": None, "target_parse_example_fn": None}
        rule = HashedNgramDSIR(["pool"], ["target"], folder, **told, **parse, num_proc=1)
        rule.fit_importance_estimator(num_tokens_to_fit="all")
        rule.compute_importance_weights()
        seconds = time.perf_counter() - start
        weights = np.load(Path(folder) / "log_importance_weights" / "0.npy")
    return {"seconds": seconds, "weights": weights.round(9).tolist()}


if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.npz"))
    sys.stdout.write(json.dumps({file.stem: measure(file) for file in files}) + "\n")
