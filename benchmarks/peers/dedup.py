"""semhash on given texts and vectors, with its defaults: groups of duplicates, and the seconds without any encoding.

Run in an environment with requirements-dedup.txt; `modicum bench dedup` calls it where MODICUM_PEER_PYTHON names that
environment's Python. Reads a folder of npz files (texts as bytes by line, X); prints {file: {seconds, groups}}.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from semhash import SemHash


class Given:
    """Stands for the encoder that made the vectors; it is never asked."""

    def encode(self, inputs: list[str], **_: object) -> np.ndarray:
        """Refuse."""
        raise NotImplementedError(f"vectors are given; {len(inputs)} texts were to be encoded")


def measure(file: Path) -> dict[str, object]:
    """Groups of one file's rows."""
    cell = np.load(file, allow_pickle=False)
    texts = cell["texts"].tobytes().decode().split("\n")
    start = time.perf_counter()
    found = SemHash.from_embeddings(cell["X"], texts, Given()).self_deduplicate()
    seconds = time.perf_counter() - start
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    group = [first[text] for text in texts]
    for gone in found.filtered:
        for other, _ in gone.duplicates:
            one, two = (_root(group, first[text]) for text in (gone.record, other))
            group[max(one, two)] = min(one, two)
    return {"seconds": seconds, "groups": [_root(group, row) for row in range(len(texts))]}


def _root(group: list[int], row: int) -> int:
    while group[row] != row:
        row = group[row]
    return row


if __name__ == "__main__":
    files = sorted(Path(sys.argv[1]).glob("*.npz"))
    sys.stdout.write(json.dumps({file.stem: measure(file) for file in files}) + "\n")
