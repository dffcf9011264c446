"""cleanlab's scores of label quality on given arrays: average precision of finding the labels that are wrong.

Run in an environment with requirements-noisy.txt; `modicum bench noisy` calls it where MODICUM_PEER_PYTHON names that
environment's Python. Reads a folder of npz files (proba, codes, wrong); prints {file: {score: average precision}}.
"""

import json
import sys
from pathlib import Path

import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score

SCORES = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")


def measure(file: Path) -> dict[str, float]:
    """Average precision of every score on one file's arrays."""
    cell = np.load(file, allow_pickle=False)
    proba = cell["proba"] / cell["proba"].sum(axis=1, keepdims=True)
    quality = {score: get_label_quality_scores(cell["codes"], proba, method=score) for score in SCORES}
    return {score: round(float(average_precision_score(cell["wrong"], -found)), 5) for score, found in quality.items()}


if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.npz"))
    sys.stdout.write(json.dumps({file.stem: measure(file) for file in files}) + "\n")
