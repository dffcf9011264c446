"""A process that adds a table to a store in small parts, and says after each how many rows are there."""

from __future__ import annotations

import sys
import time
import zlib
from dataclasses import dataclass, field

import numpy as np

from modicum.workspace.store import adding

WIDTH = 8
PAUSE = 0.05
"""Seconds between parts, so that others have time to look."""


@dataclass
class Fake:
    """An encoder whose vectors follow from the text alone; it counts what it is given."""

    name: str = "fake"
    fingerprint: str = "f" * 32
    dimension: int = WIDTH
    seen: list[str] = field(default_factory=list)

    def encode(self, texts, progress=None):
        self.seen += texts
        return vectors(texts)


def vectors(texts):
    """What `Fake` makes of texts."""
    made = [np.random.default_rng(zlib.crc32(text.encode())).normal(size=WIDTH) for text in texts]
    return np.array(made, dtype=np.float32).reshape(len(texts), WIDTH)


def main(store, table):
    """Add, and tell."""
    adding.ROWS = 20

    def tell(stage, done, total):
        if stage == "add":
            sys.stdout.write(f"{done}\n")
            sys.stdout.flush()
            time.sleep(PAUSE)

    adding.add_rows(store, table, encoder=Fake(), progress=tell)


if __name__ == "__main__":
    main(*sys.argv[1:])
